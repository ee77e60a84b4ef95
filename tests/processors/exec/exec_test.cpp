#include "processors/exec/exec.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <jobqd/domain/kept_text.hpp>
#include <jobqd/domain/limits.hpp>

#include "support/failing_allocation.hpp"
#include "support/few_descriptors.hpp"
#include "support/jobs.hpp"
#include "support/temporary_folder.hpp"

namespace jobqd::processors::exec {

namespace {

using namespace std::chrono_literals;
using support::new_claim;
using testing::HasSubstr;
using testing::StartsWith;

engine::Claim claim_of(std::string payload) {
  auto claim = new_claim("a");
  claim.payload = std::move(payload);
  return claim;
}

Options shell(std::string script) {
  return {.command = {"/bin/sh", "-c", std::move(script)}, .env = {"PATH"}};
}

engine::Outcome run(Options options, std::string payload = "null", std::stop_token stop = {}) {
  return Exec(std::move(options)).process(claim_of(std::move(payload)), std::move(stop));
}

/// The outcome as it is kept.
std::string result(engine::Outcome raw) {
  const auto outcome = domain::kept(std::move(raw));
  if (const auto* retry = std::get_if<engine::Retry>(&outcome)) return "retry: " + retry->error;
  if (const auto* fail = std::get_if<engine::Fail>(&outcome)) return "fail: " + fail->error;
  if (std::holds_alternative<engine::Interrupted>(outcome)) return "interrupted";
  return std::get<engine::Done>(outcome).result.value_or("nothing");
}

/// What the script wrote, as text.
std::string said(Options options, std::string payload = "null") {
  return nlohmann::json::parse(result(run(std::move(options), std::move(payload)))).get<std::string>();
}

std::string said(const Options& options, const engine::Claim& claim) {
  return nlohmann::json::parse(result(Exec(options).process(claim, {}))).get<std::string>();
}

/// The number behind "pid ".
pid_t pid_in(std::string_view text) {
  pid_t pid = 0;
  std::from_chars(text.data() + 4, text.data() + text.size(), pid);
  return pid;
}

/// Ended, whether or not somebody has taken its end.
bool is_gone(pid_t pid) {
  const auto process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return errno == ESRCH;
  pollfd wanted{.fd = process, .events = POLLIN, .revents = 0};
  const bool ended = ::poll(&wanted, 1, 10'000) == 1;
  ::close(process);
  return ended;
}

/// A pipe with a name: a script says through it that it has come so far.
class Fifo {
 public:
  Fifo() { ::mkfifo(path_.c_str(), 0600); }
  ~Fifo() { std::filesystem::remove(path_); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  void wait() const { ::close(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)); }

 private:
  std::string path_ = fmt::format("{}/jobqd-fifo-{}", testing::TempDir(), ::getpid());
};

auto open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace

TEST(Exec, HandsThePayloadOverAndTakesTheOutputForTheResult) {
  EXPECT_EQ(result(run({.command = {"/bin/cat"}}, R"({"n": 1})")), R"({"n": 1})");
  EXPECT_EQ(result(run({.command = {"/bin/cat"}}, "[1,2]")), "[1,2]");
  EXPECT_EQ(result(run({.command = {"/bin/true"}})), "nothing");
}

TEST(Exec, HandsAStringOverAsItsText) {
  EXPECT_EQ(said({.command = {"/bin/cat"}}, R"("two \"words\"\nü")"), "two \"words\"\nü");
  EXPECT_EQ(result(run({.command = {"/bin/cat"}}, R"("{\"n\":1}\n")")), R"({"n":1})")
      << "what is JSON stays so";
}

TEST(Exec, MakesJsonOfWhatIsNone) {
  EXPECT_EQ(result(run(shell("echo hello world"))), R"("hello world")");
  EXPECT_EQ(result(run(shell(R"(printf 'a\377b')"))),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

TEST(Exec, RunsNoShell) {
  EXPECT_EQ(said({.command = {"/bin/echo", "$HOME", "; exit 3", "a  b"}}), "$HOME ; exit 3 a  b");
}

TEST(Exec, GivesTheProgramItsVariablesAndNoOthers) {
  ::setenv("JOBQD_TEST_SECRET", "s", 1);
  ::setenv("JOBQD_TEST_NAMED", "value", 1);
  auto claim = new_claim("id-1");
  claim.queue = "mail";
  claim.attempt = 3;
  claim.token = 77;
  Exec exec({.command = {"/usr/bin/env"}, .env = {"JOBQD_TEST_NAMED", "JOBQD_TEST_NOT_SET"}});
  EXPECT_EQ(nlohmann::json::parse(result(exec.process(claim, {}))).get<std::string>(),
            "JOB_ID=id-1\nJOB_QUEUE=mail\nJOB_ATTEMPT=3\nJOB_LEASE_TOKEN=77\nJOBQD_TEST_NAMED=value");
}

TEST(Exec, PassesTheTraceOfTheJobOnAndNoOther) {
  ::setenv("TRACEPARENT", "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-00", 1);
  auto claim = new_claim("id-1");
  const Options options{.command = {"/usr/bin/env"}, .env = {"TRACEPARENT"}};
  const auto without = said(options, claim);
  EXPECT_FALSE(without.contains("TRACEPARENT")) << without;
  claim.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto with = said(options, claim);
  EXPECT_TRUE(with.ends_with("\nTRACEPARENT=" + claim.traceparent)) << with;
  ::unsetenv("TRACEPARENT");
}

TEST(Exec, LetsNoVariableOfTheDaemonStandForOneOfTheJob) {
  ::setenv("JOB_ID", "another", 1);
  const Options options{.command = {"/usr/bin/env"}, .env = {"JOB_ID"}};
  const auto text = said(options, new_claim("id-1"));
  EXPECT_TRUE(text.starts_with("JOB_ID=id-1\n")) << text;
  EXPECT_FALSE(text.contains("another")) << text;
  ::unsetenv("JOB_ID");
}

TEST(Exec, ReadsTheExitCode) {
  for (const int code : {1, 2, 75, 126, 127, 255})
    EXPECT_EQ(result(run(shell(fmt::format("echo no luck >&2; exit {}", code)))),
              fmt::format("retry: exit code {}: no luck", code));
  for (const int code : {64, 65, 78})
    EXPECT_EQ(result(run(shell(fmt::format("exit {}", code)))), fmt::format("fail: exit code {}", code));
  EXPECT_EQ(result(run(shell("kill -9 $$"))), "retry: killed by SIGKILL");
}

TEST(Exec, SaysWhyAProgramCannotBeRun) {
  EXPECT_EQ(result(run({.command = {"/nowhere"}})), "retry: cannot run /nowhere: No such file or directory");
  EXPECT_EQ(result(run({.command = {"/etc/passwd"}})), "retry: cannot run /etc/passwd: Permission denied");
  EXPECT_EQ(result(run({.command = {"/bin/true"}, .working_directory = "/nowhere"})),
            "retry: cannot run /bin/true: No such file or directory: its working directory is missing");
}

TEST(Exec, SaysWhatAScriptLacks) {
  const support::TemporaryFolder folder;
  const auto run_script = [path = (folder / "script").string()](std::string_view text) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    auto said = result(run({.command = {path}}));
    return said.replace(said.find(path), path.size(), "it");
  };
  EXPECT_EQ(
      run_script("#!/nowhere/python3\n"),
      "retry: cannot run it: No such file or directory: the file exists, but its interpreter (the first "
      "line, #!) or its loader is missing");
  EXPECT_EQ(
      run_script("echo hello\n"),
      "retry: cannot run it: Exec format error: it is neither a program for this system nor a script whose "
      "first line begins with #!");
}

TEST(Exec, KeepsTheEndOfTheErrorsWithinTheirLimit) {
  const auto outcome = run(shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1"));
  const auto& error = std::get<engine::Retry>(outcome).error;
  EXPECT_LE(error.size(), domain::limits::error_bytes);
  EXPECT_THAT(error, StartsWith("exit code 1: xxx"));
  EXPECT_TRUE(error.ends_with("xxxthe end")) << error.substr(error.size() - 40);
}

TEST(Exec, KeepsWholeCharactersOfTheErrors) {
  for (const auto* end : {"", "x", "xx", "xxx"}) {
    const auto outcome =
        run(shell(fmt::format("(yes € | head -n 3000 | tr -d '\\n'; printf '{}') >&2; exit 1", end)));
    const auto& error = std::get<engine::Retry>(outcome).error;
    EXPECT_THAT(error, StartsWith("exit code 1: €€€"));
    EXPECT_TRUE(error.ends_with(fmt::format("€{}", end)));
  }
}

TEST(Exec, KeepsTheBeginningOfAFloodWithinItsLimit) {
  for (const auto* script : {"head -c 100000000 /dev/zero", "head -c 100000000 /dev/zero | tr '\\0' x"}) {
    const auto text = result(run(shell(script)));
    EXPECT_LE(text.size(), domain::limits::result_bytes);
    EXPECT_GT(text.size(), domain::limits::result_bytes / 8);
    EXPECT_TRUE(nlohmann::json::accept(text));
  }
}

TEST(Exec, StopsAtOnce) {
  std::stop_source stop;
  engine::Outcome outcome;
  {
    const std::jthread worker([&] { outcome = run(shell("sleep 60"), "null", stop.get_token()); });
    stop.request_stop();
  }
  EXPECT_EQ(result(outcome), "interrupted");
}

TEST(Exec, StopsAProgramThatDoesNotWantTo) {
  const Fifo ready;
  std::stop_source stop;
  auto options = shell(fmt::format("trap '' TERM; : > {}; while true; do sleep 60; done", ready.path()));
  options.kill_after = 100ms;
  engine::Outcome outcome;
  {
    const std::jthread worker([&] { outcome = run(options, "null", stop.get_token()); });
    ready.wait();
    stop.request_stop();
  }
  EXPECT_EQ(result(outcome), "interrupted");
}

TEST(Exec, LeavesNoProcessBehind) {
  EXPECT_TRUE(is_gone(pid_in(said(shell("sleep 60 >/dev/null 2>&1 & echo pid $!")))));
}

TEST(Exec, DoesNotWaitForWhoHoldsItsOutput) {
  EXPECT_TRUE(is_gone(pid_in(said(shell("sleep 60 & echo pid $!")))));
}

TEST(Exec, DoesNotMindAProgramThatReadsNothing) {
  EXPECT_EQ(result(run({.command = {"/bin/true"}}, '"' + std::string(4'000'000, 'x') + '"')), "nothing");
  EXPECT_EQ(said(shell("exec <&-; echo closed"), '"' + std::string(4'000'000, 'x') + '"'), "closed");
}

TEST(Exec, LeaksNoDescriptor) {
  const int leaky =
      ::open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): that it is left open is the point.
  const auto before = open_descriptors();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(said(shell("ls /proc/self/fd | tr '\\n' ' '")), "0 1 2 3 ") << "3 is the folder";
  EXPECT_EQ(result(run({.command = {"/nowhere"}})).substr(0, 5), "retry");
  EXPECT_EQ(open_descriptors(), before);
  ::close(leaky);
}

TEST(Exec, BlamesNoJobForDescriptorsThatAreMissing) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors to look at the type of an object";
#endif
  const auto before = open_descriptors();
  int started = 0;
  for (int more = 0; more < 16; ++more) {
    engine::Outcome outcome;
    {
      const support::FewDescriptors few(more);
      outcome = run({.command = {"/bin/true"}});
    }
    const auto* unstarted = std::get_if<engine::Unstarted>(&outcome);
    if (unstarted == nullptr) {
      EXPECT_EQ(result(outcome), "nothing") << more;
      ++started;
      continue;
    }
    EXPECT_EQ(unstarted->why, "cannot run /bin/true: Too many open files");
    EXPECT_EQ(unstarted->pause, 1s);
    EXPECT_EQ(started, 0) << "what is enough once is enough with one more";
  }
  EXPECT_EQ(started, 6) << "with 10 a program starts";
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Exec, BlamesNoJobForProcessesThatAreMissing) {
  const auto run_without_processes = [] {
    const rlimit one{.rlim_cur = 1, .rlim_max = 1};
    ::setrlimit(RLIMIT_NPROC, &one);
    (void)!::setuid(65534);  // The limit does not hold for root.
    const auto outcome = run({.command = {"/bin/true"}});
    const auto* unstarted = std::get_if<engine::Unstarted>(&outcome);
    std::fputs(unstarted != nullptr ? unstarted->why.c_str() : "it started", stderr);
    ::_exit(0);
  };
  EXPECT_EXIT(run_without_processes(), testing::ExitedWithCode(0),
              "cannot run /bin/true: Resource temporarily unavailable");
}

TEST(Exec, BlamesNoJobForMemoryThatIsMissing) {
  const auto before = open_descriptors();
  int unstarted = 0;
  std::size_t number = 0;
  for (bool failed = true; failed; unstarted += failed ? 1 : 0) {
    engine::Outcome outcome;
    {
      Exec exec(shell("printf %0100d 1; printf %0100d 2 >&2"));
      const auto claim = claim_of(R"("a payload that does not fit into a string by itself")");
      const support::FailingAllocation failing(++number);
      outcome = exec.process(claim, {});
      failed = support::FailingAllocation::happened();
    }
    EXPECT_EQ(std::holds_alternative<engine::Unstarted>(outcome), failed) << number;
    EXPECT_EQ(std::holds_alternative<engine::Done>(outcome), !failed) << number;
    ASSERT_LT(number, 1'000U);
  }
  EXPECT_GT(unstarted, 3);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Exec, BlamesAJobThatItsOwnLimitStops) {
  auto options = shell("exit 0");
  options.max_memory = 4096;  // The program does not even fit into it.
  const auto outcome = run(options);
  EXPECT_TRUE(std::holds_alternative<engine::Retry>(outcome)) << outcome.index();
}

TEST(Exec, TakesPrivilegesAndLimitsAway) {
  EXPECT_THAT(said(shell("grep NoNewPrivs /proc/self/status")), HasSubstr("1"));
  auto options = shell("ulimit -v; ulimit -t; ulimit -c; umask; pwd");
  options.max_memory = 64UL * 1024 * 1024;
  options.max_cpu = 1'500ms;
  options.working_directory = "/usr";
  EXPECT_EQ(said(options), "65536\n2\n0\n0077\n/usr");
}

TEST(Exec, GivesTheProgramDefaultSignalsAndAnEmptyMask) {
  std::array ignored{SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGXFSZ, SIGTSTP, SIGRTMAX};
  std::array<sighandler_t, ignored.size()> before{};
  for (std::size_t i = 0; i < ignored.size(); ++i) before.at(i) = std::signal(ignored.at(i), SIG_IGN);
  sigset_t all;
  sigset_t mask;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &mask);
  EXPECT_THAT(said(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status")),
              HasSubstr("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000"));
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  for (std::size_t i = 0; i < ignored.size(); ++i) std::signal(ignored.at(i), before.at(i));
}

TEST(Exec, SaysThatAnExitStatusWasLost) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);  // The kernel throws statuses away.
  EXPECT_EQ(result(run(shell("echo words >&2"))), "retry: its exit status was lost: words");
  EXPECT_EQ(result(run({.command = {"/nowhere"}})), "retry: cannot run /nowhere: No such file or directory");
  std::signal(SIGCHLD, before);
}

TEST(Exec, FindsOutWhatCannotBeRun) {
  EXPECT_EQ(program_fault("/bin/true"), "");
  EXPECT_EQ(program_fault("true"), "the program must be an absolute path");
  EXPECT_EQ(program_fault("/nowhere"), "/nowhere: No such file or directory");
  EXPECT_EQ(program_fault("/usr"), "/usr is not a file");
  EXPECT_EQ(program_fault("/proc/version"), "/proc/version: Permission denied");
}

}  // namespace jobqd::processors::exec
