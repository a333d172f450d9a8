// SPDX-License-Identifier: Apache-2.0
// The log as an intruder with SQLite's tools would find it: each thing that can be done to it, and what verify says.
#include "relay/admin/audit.hpp"
#include "relay/store/store.hpp"

#include <doctest/doctest.h>

namespace godwit::relay::admin {

namespace {

const Caller ann{"ann", Role::operator_};

struct Log {
    Store store = Store::open_in_memory().value();
    Audit audit{store};

    explicit Log(int records = 10)
    {
        for (int n = 1; n <= records; ++n)
            audit.record(ann, Verb::bans_write, "ban " + std::to_string(n), "{}", 1000 + n);
    }
    void sql(std::string_view text) { static_cast<Ledger&>(store).write(text); }
    Result<Checkpoint> verify(std::optional<Checkpoint> known = std::nullopt)
    {
        AuditChain chain(std::move(known));
        for (;;) {
            const auto page = audit.table().after(chain.at().sequence, 3);
            for (const auto& one : page)
                if (auto fits = chain.take(one); !fits) return fits.error();
            if (page.empty()) return chain.finish(audit.table().newest_ever());
        }
    }
    /// Like an intruder who knows how the chain is made.
    void forge_from(std::uint64_t sequence)
    {
        AuditLink before;
        for (auto& one : audit.table().after(0, 1000)) {
            if (one.sequence >= sequence)
                static_cast<Ledger&>(store).write("UPDATE audit SET link = ?2 WHERE id = ?1", one.sequence,
                                                  link_of(before, one));
            before = one.sequence >= sequence ? link_of(before, one) : one.link;
        }
    }
};

std::string why(const Result<Checkpoint>& result)
{
    return result.ok() ? "" : result.error().detail;
}

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("an untouched log is sound, and so is an empty one; its checkpoint is the newest record")
{
    CHECK(Log(0).verify().value() == Checkpoint{});
    Log log;
    const auto at = log.verify();
    REQUIRE_MESSAGE(at.ok(), at.error().detail);
    CHECK(at->sequence == 10);
    CHECK(at->link == log.audit.table().newest()->link);
    CHECK(Checkpoint::parse(at->text()) == *at);
    // It goes on, and fits what was known before.
    log.audit.record(ann, Verb::bans_write, "ban 11", "{}", 2000);
    CHECK(log.verify(*at).value().sequence == 11);
}

TEST_CASE("every column of every record: a change is found, at that record")
{
    for (const auto* const column : {"at_ms = at_ms + 1", "actor = 'bo'", "role = 1", "verb = 'state.read'",
                                     "target = 'ban 99'", "detail = '{ }'", "link = zeroblob(32)"})
        for (int record = 1; record <= 10; ++record) {
            CAPTURE(column);
            CAPTURE(record);
            Log log;
            log.sql("UPDATE audit SET " + std::string(column) + " WHERE id = " + std::to_string(record));
            CHECK(mentions(why(log.verify()), "record " + std::to_string(record) + ":"));
        }
}

TEST_CASE("a record removed, two swapped, one inserted, the end cut off: found")
{
    for (int record = 1; record <= 9; ++record) {
        Log log;
        log.sql("DELETE FROM audit WHERE id = " + std::to_string(record));
        CHECK(mentions(why(log.verify()), "is gone"));
    }
    Log swapped;
    swapped.sql("UPDATE audit SET id = 100 WHERE id = 4");
    swapped.sql("UPDATE audit SET id = 4 WHERE id = 5");
    swapped.sql("UPDATE audit SET id = 5 WHERE id = 100");
    CHECK(mentions(why(swapped.verify()), "record 4:"));
    Log inserted;
    inserted.sql(
        "INSERT INTO audit SELECT 11, at_ms, actor, role, verb, target, detail, link FROM audit WHERE id = 10");
    CHECK(mentions(why(inserted.verify()), "record 11:"));
    Log cut;
    cut.sql("DELETE FROM audit WHERE id > 7");
    CHECK(mentions(why(cut.verify()), "cut off"));
}

TEST_CASE("who forges the links too, or SQLite's own counter, is found by a checkpoint that is kept elsewhere")
{
    Log log;
    const auto known = log.verify().value();
    log.sql("UPDATE audit SET target = 'nobody' WHERE id = 3");
    log.forge_from(3);
    CHECK(log.verify().ok()); // the log by itself cannot tell
    CHECK(mentions(why(log.verify(known)), "written anew"));

    Log cut;
    const auto before = cut.verify().value();
    cut.sql("DELETE FROM audit WHERE id > 7");
    cut.sql("UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit'");
    CHECK(cut.verify().ok());
    CHECK(mentions(why(cut.verify(before)), "cut off"));
    // Even when it has grown beyond again.
    for (int n = 0; n < 5; ++n)
        cut.audit.record(ann, Verb::bans_write, "later", "{}", 5000);
    CHECK(mentions(why(cut.verify(before)), "written anew"));
}

TEST_CASE("an action and its record are of one transaction")
{
    Log log(2);
    REQUIRE(log.store.commit().ok());
    log.audit.record(ann, Verb::bans_write, "lost", "{}", 3000);
    log.store.rollback();
    CHECK(log.verify().value().sequence == 2);
    log.audit.record(ann, Verb::bans_write, "kept", "{}", 3000);
    REQUIRE(log.store.commit().ok());
    CHECK(log.verify().value().sequence == 3);
}

TEST_CASE("targets and details are bounded, at a character's edge")
{
    Log log(0);
    const std::string fits(audit_target_bytes_max, 'a');
    std::string more;
    while (more.size() <= audit_target_bytes_max)
        more += "é";
    log.audit.record(ann, Verb::bans_write, fits, std::string(audit_detail_bytes_max, 'b'), 1);
    log.audit.record(ann, Verb::bans_write, more, std::string(audit_detail_bytes_max + 1, 'b'), 2);
    const auto records = log.audit.table().after(0, 10);
    REQUIRE(records.size() == 2);
    CHECK(records[0].target == fits);
    CHECK(records[0].detail.size() == audit_detail_bytes_max);
    for (const auto* const one : {&records[1].target, &records[1].detail}) {
        CHECK(one->substr(one->size() - 3) == "…");
        CHECK(is_utf8(*one));
    }
    CHECK(records[1].target.size() <= audit_target_bytes_max);
    CHECK(records[1].detail.size() == audit_detail_bytes_max);
    CHECK(log.verify().ok());
}

TEST_CASE("what is no checkpoint is refused")
{
    const auto good = Log(1).verify().value().text();
    CHECK(Checkpoint::parse(good));
    for (const auto& text : {std::string(), good.substr(1), good + "0", "x" + good, "-" + good, std::string("1:"),
                             good.substr(0, good.size() - 2) + "zz"})
        CHECK_FALSE(Checkpoint::parse(text));
}

} // namespace godwit::relay::admin
