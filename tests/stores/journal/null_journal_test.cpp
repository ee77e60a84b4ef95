#include "stores/journal/null_journal.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace jobqd::stores::journal {

TEST(NullJournal, KeepsNothingAndIsNeverInTrouble) {
  NullJournal journal;
  EXPECT_FALSE(journal.keeps());
  journal.erase(1);
  journal.set_paused("default", true);
  EXPECT_EQ(journal.durable(), 0U);
  EXPECT_EQ(journal.trouble(), "");
}

TEST(NullJournal, AnswersEverybodyAtTheNextFlush) {
  NullJournal journal;
  std::vector<int> answered;
  for (int i = 0; i < 3; ++i)
    journal.when_durable([&answered, i](auto durable) {
      EXPECT_TRUE(durable);
      answered.push_back(i);
    });
  EXPECT_TRUE(answered.empty());
  journal.flush();
  EXPECT_EQ(answered, (std::vector{0, 1, 2}));
  journal.flush();
  EXPECT_EQ(answered.size(), 3U);
}

/// The callback of an answer may call the journal again.
TEST(NullJournal, AnswersWithoutItsLock) {
  NullJournal journal;
  int answered = 0;
  journal.when_durable([&](auto) { journal.when_durable([&](auto) { ++answered; }); });
  journal.flush();
  EXPECT_EQ(answered, 0);
  journal.flush();
  EXPECT_EQ(answered, 1);
}

TEST(NullJournalDeathTest, TakesNoRows) {
  NullJournal journal;
  EXPECT_DEATH(journal.insert({}, {}), "keeps nothing");
  EXPECT_DEATH(journal.update({}), "keeps nothing");
}

}  // namespace jobqd::stores::journal
