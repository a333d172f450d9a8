// SPDX-License-Identifier: Apache-2.0
// Receivers that are slow, gone, behind or silent, without a socket.
#include "relay/admin/audit.hpp"
#include "relay/admin/webhooks.hpp"
#include "relay/core/wanted.hpp"
#include "relay/store/store.hpp"
#include "tests/relay/rig.hpp"

namespace godwit::relay::admin {
namespace {

const Caller ann{"ann", Role::owner};

Webhook hook(std::string name, std::vector<std::string> verbs = {})
{
    Webhook out;
    out.name = std::move(name);
    out.url = "https://hooks.example/x";
    out.secret = "a secret of sixteen";
    out.verbs = std::move(verbs);
    return out;
}

struct Desk {
    Store store = Store::open_in_memory().value();
    test::SeededEntropy entropy;
    Audit audit{store};
    std::vector<Webhook> configured;
    std::optional<Webhooks> hooks;
    Moment now{Instant(std::chrono::hours(1)), 1'700'000'000'000};

    explicit Desk(std::vector<Webhook> with) : configured(std::move(with))
    {
        record(1); // before there were hooks
        restart();
        CHECK_FALSE(hooks->next(now));
    }
    void restart() { hooks.emplace(configured, store, entropy); }
    void record(std::size_t count, Verb verb = Verb::bans_write)
    {
        for (std::size_t n = 0; n < count; ++n)
            audit.record(ann, verb, "someone", R"({"banned":true})", now.wall_ms);
    }
    void pass(Duration by)
    {
        now.mono += by;
        now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
    }
    HookRequest next()
    {
        auto out = hooks->next(now);
        REQUIRE(out);
        return *std::move(out);
    }
};

std::string header(const HookRequest& request, std::string_view name)
{
    for (const auto& [key, value] : request.headers)
        if (key == name) return value;
    return {};
}

} // namespace

TEST_CASE("each record once acknowledged, in order, one at a time, over restarts; not what was before the hook")
{
    Desk desk({hook("one")});
    desk.record(3);
    const auto first = desk.next();
    CHECK(header(first, "godwit-delivery") == "2");
    const auto body = Json::parse(first.body);
    CHECK(body["verb"] == "bans.write");
    CHECK(body["detail"]["banned"] == true);
    CHECK(body["link"].get<std::string>().size() == 64);
    CHECK_FALSE(desk.hooks->next(desk.now)); // it waits
    desk.restart();
    CHECK(header(desk.next(), "godwit-delivery") == "2"); // the answer was lost: the same again
    desk.hooks->answered(first, 204, "", desk.now);
    for (const auto* const sequence : {"3", "4"}) {
        const auto request = desk.next();
        CHECK(header(request, "godwit-delivery") == sequence);
        desk.hooks->answered(request, 200, "", desk.now);
    }
    CHECK_FALSE(desk.hooks->next(desk.now));
    CHECK(desk.hooks->deadline() == never);
    CHECK(desk.hooks->counters().webhooks_delivered == 3);
}

TEST_CASE("the signature is one that a receiver can make: HMAC-SHA256 over time and body")
{
    // echo -n '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of sixteen'
    CHECK(hook_signature("a secret of sixteen", R"({"a":1})", 1'700'000'000'999) ==
          "t=1700000000,v1=fbd8ce753f0c0643c2d4fef4959c30b175367059e6f5453bddeb7b24a3d1ae24");
}

TEST_CASE("a receiver that fails is tried again later and later, at most ten minutes apart, and nothing is left out")
{
    Desk desk({hook("one")});
    desk.record(2);
    Duration waited{};
    for (int n = 0; n < 20; ++n) {
        const auto request = desk.next();
        CHECK(header(request, "godwit-delivery") == "2");
        desk.hooks->answered(request, n % 2 == 0 ? 0 : 500, "", desk.now);
        CHECK_FALSE(desk.hooks->next(desk.now));
        const auto wait = desk.hooks->deadline() - desk.now.mono;
        CHECK(wait >= webhook_retry_first * 9 / 10);
        CHECK(wait <= webhook_retry_max + webhook_retry_max / 10);
        if (n == 0) CHECK(wait <= webhook_retry_first * 11 / 10);
        waited = wait;
        desk.pass(wait);
    }
    CHECK(waited >= webhook_retry_max * 9 / 10);
    desk.hooks->answered(desk.next(), 200, "", desk.now);
    CHECK(header(desk.next(), "godwit-delivery") == "3");
    CHECK(desk.hooks->counters().webhooks_failed == 20);
}

TEST_CASE("that a receiver fails is news once, and so is that it works again; of one that is asked too")
{
    using Turn = Webhooks::Turn;
    auto judge = hook("judge");
    judge.asks_registration = true;
    Desk desk({hook("one"), judge});
    desk.record(2);
    for (const auto& [status, turn] : {std::pair(0, Turn::fails), std::pair(500, Turn::none),
                                       std::pair(200, Turn::works), std::pair(204, Turn::none)}) {
        CHECK(desk.hooks->answered(desk.next(), status, "", desk.now) == turn);
        desk.pass(webhook_retry_max * 2);
    }
    int number = 0;
    for (const auto& [status, turn] : {std::pair(200, Turn::none), std::pair(0, Turn::fails), std::pair(0, Turn::none),
                                       std::pair(200, Turn::works)}) {
        CHECK(desk.hooks->decide("u" + std::to_string(++number), test::signing_key(1).public_key(), "", desk.now) ==
              Decision::wait);
        CHECK(desk.hooks->answered(desk.next(), status, R"({"allow": true})", desk.now) == turn);
    }
}

TEST_CASE("one that hears some verbs only, beside one that hears all and is slow: neither waits for the other")
{
    Desk desk({hook("all"), hook("tokens", {"tokens.write"})});
    desk.record(250);
    desk.record(1, Verb::tokens_write);
    auto slow = desk.next();
    CHECK(slow.hook == 0);
    const auto found = desk.next(); // records for others are passed over
    CHECK(found.hook == 1);
    CHECK(Json::parse(found.body)["verb"] == "tokens.write");
    desk.hooks->answered(found, 200, "", desk.now);
    CHECK_FALSE(desk.hooks->next(desk.now));
}

TEST_CASE("who is too far behind is told how many records it has missed")
{
    Desk desk({hook("one")});
    desk.record(webhook_lag_max);
    auto request = desk.next();
    CHECK(header(request, "godwit-skipped").empty());
    CHECK(header(request, "godwit-delivery") == "2");
    desk.record(5);
    desk.hooks->answered(request, 0, "", desk.now);
    desk.pass(desk.hooks->deadline() - desk.now.mono);
    request = desk.next();
    CHECK(header(request, "godwit-skipped") == "5");
    CHECK(header(request, "godwit-delivery") == "7");
    CHECK(desk.hooks->counters().webhooks_skipped == 5);
}

TEST_CASE("registration is asked once, its answer counts for a while, and silence counts as the configuration says")
{
    for (const bool open : {true, false}) {
        CAPTURE(open);
        auto judge = hook("judge");
        judge.asks_registration = true;
        judge.fail_open = open;
        Desk desk({judge});
        const auto key = test::signing_key(1).public_key();
        const auto ask = [&](const std::string& user) {
            return desk.hooks->decide(user, key, "198.51.100.1", desk.now);
        };
        desk.record(1);
        CHECK_FALSE(desk.hooks->next(desk.now)); // it hears no events

        CHECK(ask("cy") == Decision::wait);
        CHECK(ask("cy") == Decision::wait);
        const auto question = desk.next();
        CHECK(Json::parse(question.body)["user"] == "cy");
        CHECK_FALSE(desk.hooks->next(desk.now));
        desk.hooks->answered(question, 200, R"({"allow": false})", desk.now);
        CHECK(ask("cy") == Decision::no);
        desk.pass(decision_kept);
        CHECK(ask("cy") == Decision::wait); // asked again
        desk.hooks->answered(desk.next(), 200, R"({"allow": true})", desk.now);
        CHECK(ask("cy") == Decision::yes);

        const auto silent = open ? Decision::yes : Decision::no;
        int number = 0;
        for (const auto* const answer : {"", "[]", "{}", R"({"allow": "yes"})"}) {
            const auto user = "dee" + std::to_string(++number);
            CHECK(ask(user) == Decision::wait);
            desk.hooks->answered(desk.next(), 200, answer, desk.now);
            CHECK(ask(user) == silent);
        }
        CHECK(ask("ed") == Decision::wait);
        desk.hooks->answered(desk.next(), 500, R"({"allow": true})", desk.now);
        CHECK(ask("ed") == silent);
        CHECK(ask("eve") == Decision::wait);
        (void)desk.next();
        desk.pass(decision_time_max);
        CHECK(ask("eve") == silent); // no answer at all
    }
}

TEST_CASE("questions are bounded: the oldest is forgotten, and asked anew by whoever still wants to know")
{
    auto judge = hook("judge");
    judge.asks_registration = true;
    Desk desk({judge});
    const auto key = test::signing_key(1).public_key();
    CHECK(desk.hooks->decide("first", key, "", desk.now) == Decision::wait);
    desk.hooks->answered(desk.next(), 200, R"({"allow": true})", desk.now);
    for (std::size_t n = 1; n < decisions_max; ++n) {
        const auto user = std::to_string(n);
        CHECK(desk.hooks->decide(user, key, user, desk.now) == Decision::wait);
        desk.hooks->answered(desk.next(), 200, R"({"allow": true})", desk.now);
    }
    CHECK(desk.hooks->decide("first", key, "", desk.now) == Decision::yes);
    CHECK(desk.hooks->decide("one more", key, "x", desk.now) == Decision::wait);
    CHECK(desk.hooks->decide("first", key, "", desk.now) == Decision::wait);
}

TEST_CASE(
    "questions of one address are paced; a judge in silence holds two requests, and other hooks go on; what is not "
    "asked is decided by no silence")
{
    auto judge = hook("judge");
    judge.asks_registration = true;
    judge.fail_open = true;
    Desk desk({judge, hook("one")});
    const auto key = test::signing_key(1).public_key();
    const auto ask = [&](std::size_t user, const std::string& address) {
        return desk.hooks->decide("u" + std::to_string(user), key, address, desk.now);
    };
    // Of one address: questions_per_address_max are open, and by the rate no more than that are asked.
    desk.hooks.emplace(desk.configured, desk.store, desk.entropy, Rate{3, std::chrono::seconds(600)});
    std::size_t asked = 0;
    for (std::size_t n = 0; n < 30; ++n) {
        CHECK(ask(n, "a") == Decision::wait);
        while (const auto question = desk.hooks->next(desk.now)) {
            ++asked;
            desk.hooks->answered(*question, 200, R"({"allow": true})", desk.now);
        }
    }
    CHECK(asked == 3);
    CHECK(ask(0, "a") == Decision::yes);
    desk.pass(std::chrono::seconds(600));
    CHECK(ask(29, "a") == Decision::wait);
    desk.hooks->answered(desk.next(), 200, R"({"allow": true})", desk.now);

    // Of many: two are under way, 64 wait, one more is not asked at all. The other hook hears its record.
    desk.restart();
    for (std::size_t n = 0; n < questions_max + 1; ++n)
        CHECK(ask(n, std::to_string(n / questions_per_address_max)) == Decision::wait);
    desk.record(1);
    std::vector<HookRequest> silent{desk.next(), desk.next()};
    CHECK(silent[1].hook == 0);
    const auto record = desk.next();
    CHECK(record.hook == 1);
    CHECK_FALSE(desk.hooks->next(desk.now));
    desk.hooks->not_sent(record, desk.now); // no thread for it is no failure
    CHECK(desk.hooks->deadline() == desk.now.mono + webhook_retry_first);
    desk.hooks->not_sent(silent[1], desk.now);
    desk.pass(decision_time_max);
    CHECK(ask(0, "") == Decision::yes);  // asked in vain
    CHECK(ask(1, "") == Decision::wait); // was not asked
    CHECK(ask(questions_max - 1, "") == Decision::wait);
    CHECK(ask(questions_max, "x") == Decision::wait); // there is room for one now
    CHECK(desk.hooks->counters().webhooks_failed == 0);
    desk.hooks->answered(silent[0], 0, "", desk.now);
    CHECK(desk.next().hook == 0);
}

TEST_CASE("what accounts do: the kinds that a hook names, in a queue of its own, beside the log and over restarts")
{
    auto both = hook("both", {"bans.write"}), events = hook("events");
    both.events = events.events = {EventKind::account_created};
    Desk desk({both, events});
    EventTable table(desk.store);
    const auto happen = [&](EventKind kind) {
        table.add({0, 7, std::string(event_name(kind)), "ann@acme", R"({"n":1})"});
    };
    happen(EventKind::report_filed); // nobody's
    happen(EventKind::account_created);
    desk.record(1);
    auto record = desk.next();
    CHECK(record.hook == 0);
    CHECK(Json::parse(record.body)["verb"] == "bans.write");
    const auto event = desk.next(); // the other hook hears no records at all
    CHECK(event.hook == 1);
    const auto body = Json::parse(event.body);
    CHECK(body["event"] == "account.created");
    CHECK(body["target"] == "ann@acme");
    CHECK(body["detail"]["n"] == 1);
    CHECK(body["sequence"] == 2);
    CHECK_FALSE(desk.hooks->next(desk.now));
    desk.hooks->answered(event, 204, "", desk.now);
    CHECK_FALSE(desk.hooks->next(desk.now));
    desk.restart(); // the record was sent and not answered
    record = desk.next();
    CHECK(record.hook == 0);
    CHECK_FALSE(record.is_event);
    desk.hooks->answered(record, 200, "", desk.now);
    const auto own = desk.next();
    CHECK(own.hook == 0);
    CHECK(own.is_event);
    desk.hooks->answered(own, 200, "", desk.now);
    CHECK_FALSE(desk.hooks->next(desk.now));

    // Too far behind: what was forgotten is counted.
    for (std::uint64_t n = 0; n < events_kept_max + 3; ++n)
        happen(EventKind::account_created);
    const auto late = desk.next();
    CHECK(header(late, "godwit-skipped") == "3");
    CHECK(header(late, "godwit-delivery") == "6");
}

TEST_CASE("a push for a call that nobody waits for any more is not sent")
{
    auto push = hook("push");
    push.events = {EventKind::device_wanted};
    Desk desk({push});
    EventTable table(desk.store);
    const auto wanted = [&] {
        table.add(
            {0, desk.now.wall_ms, std::string(event_name(EventKind::device_wanted)), "bob", R"({"device":"00"})"});
    };
    wanted();
    const auto first = desk.next();
    CHECK(Json::parse(first.body)["event"] == "device.wanted");
    CHECK(Json::parse(first.body)["detail"]["device"] == "00");
    wanted();
    desk.hooks->answered(first, 0, "", desk.now); // the receiver is away
    desk.pass(wanted_for + std::chrono::seconds(1));
    CHECK_FALSE(desk.hooks->next(desk.now));
    wanted();
    const auto next = desk.next();
    CHECK(Json::parse(next.body)["sequence"] == 3);
}

} // namespace godwit::relay::admin
