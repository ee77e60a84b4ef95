#include <jobqd/app/run.hpp>

int main(int argc, char** argv) {
  return jobqd::app::run(argc, argv);
}
