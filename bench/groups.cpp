// SPDX-License-Identifier: Apache-2.0
// bench/groups: what a group costs: to come into it by a link, to say something in it, to put somebody out.
//
//   groups --relay PATH-TO-godwit-relay [--dir DIR] [--members N] [--awake M] [--messages N] [--changes N]
//          [--removals N]
//
// Members are clients of this process, who know nobody: what is said goes by the relay to each of them. M of them
// (default: all) run all the while; the others ask to be let in and end their programs, so that their invitation and
// what is said lie in their mailboxes, until one of them comes back. Says how long it takes until all are in, until a
// message is at the relay (its sender's `sent`), until the last who is awake has it, until one who slept has
// everything, and until a member is out; and checks that who is out reads nothing more. `changes`: so many times the
// group gets another name after all were let in and that was said: who slept has so many epochs to go through.
#include "bench/pilot.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace {

using namespace bench;
namespace request = godwit::request;
namespace event = godwit::event;

/// Enrolling is mostly stretching passwords: some at once, so that the machine is used.
constexpr int enrolled_at_once = 8;
/// Fewer than may ask at once (relay/core/config.hpp, group_joins_max).
constexpr std::size_t asleep_at_once = 128;
/// Of those who slept, spread over when they asked.
constexpr int woken = 4;

struct Wanted {
    std::string relay_program;
    std::filesystem::path folder;
    int members = 10;
    int awake = 0; ///< 0: all.
    int messages = 20;
    int changes = 0;
    int removals = 5;
};

Wanted wanted_of(int argc, char** argv)
{
    Wanted out;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const std::string value = argv[i + 1];
        if (name == "--relay")
            out.relay_program = value;
        else if (name == "--dir")
            out.folder = value;
        else if (name == "--members")
            out.members = std::max(2, std::atoi(value.c_str()));
        else if (name == "--awake")
            out.awake = std::max(2, std::atoi(value.c_str()));
        else if (name == "--messages")
            out.messages = std::max(1, std::atoi(value.c_str()));
        else if (name == "--changes")
            out.changes = std::max(0, std::atoi(value.c_str()));
        else if (name == "--removals")
            out.removals = std::max(0, std::atoi(value.c_str()));
        else
            give_up("unknown option " + name);
    }
    if (out.relay_program.empty())
        give_up("usage: groups --relay PATH [--dir DIR] [--members N] [--awake M] [--messages N] [--changes N]"
                " [--removals N]");
    if (out.awake == 0 || out.awake > out.members) out.awake = out.members;
    return out;
}

void say_time(const char* what, Clock::time_point start)
{
    std::printf("%-52s %9.1f s\n", what, since_us(start) / 1e6);
    std::fflush(stdout);
}

void say_spread(const char* what, std::vector<double> us)
{
    if (us.empty()) return;
    std::sort(us.begin(), us.end());
    std::printf("%-52s %9.1f ms, longest %.1f ms\n", what, us[us.size() / 2] / 1e3, us.back() / 1e3);
    std::fflush(stdout);
}

using Crew = std::vector<std::unique_ptr<Pilot>>;

class Village {
public:
    Village(const Wanted& wanted, const std::filesystem::path& folder, const std::string& relay)
        : wanted_(wanted), folder_(folder), relay_(relay)
    {
    }

    void measure()
    {
        enroll(crew_, 0, wanted_.awake);
        found();
        come_in();
        if (wanted_.awake < wanted_.members) come_in_asleep();
        speak("");
        if (wanted_.changes > 0) rename();
        if (wanted_.awake < wanted_.members) wake_some();
        put_out();
        if (lacking_) give_up("not all who slept have all that was said");
    }

private:
    static std::string name_of(int n) { return "m" + std::to_string(n); }

    /// Of a program that is to go on (`crew`), or the work of one that ends (`then`).
    template <class Then>
    void each_enrolled(int begin, int end, Then then)
    {
        std::atomic<int> next{begin};
        std::mutex guard;
        std::string trouble;
        std::vector<std::thread> threads;
        for (int t = 0; t < enrolled_at_once; ++t)
            threads.emplace_back([&] {
                try {
                    for (int n = next++; n < end; n = next++) {
                        auto pilot = std::make_unique<Pilot>(name_of(n), folder_, relay_);
                        pilot->enroll();
                        then(n, std::move(pilot));
                    }
                } catch (const GaveUp& why) {
                    const std::lock_guard lock(guard);
                    trouble = why.why;
                    next = end;
                }
            });
        for (auto& one : threads)
            one.join();
        if (!trouble.empty()) give_up(trouble);
    }

    void enroll(Crew& crew, int begin, int end)
    {
        const auto start = Clock::now();
        crew.resize(static_cast<std::size_t>(end - begin));
        each_enrolled(begin, end, [&](int n, std::unique_ptr<Pilot> pilot) {
            crew[static_cast<std::size_t>(n - begin)] = std::move(pilot);
        });
        say_time("accounts registered", start);
    }

    void found()
    {
        auto& owner = *crew_.front();
        request::GroupCreate create;
        create.name = "bench";
        create.join = godwit::JoinRule::link;
        const auto made = owner.ask(create);
        owner.expect_ok(made, "group_create");
        group_ = std::get<godwit::ConversationId>(made.value);
        const auto link = owner.ask(request::GroupLink{group_});
        owner.expect_ok(link, "group_link");
        link_ = std::get<std::string>(link.value);
    }

    void come_in()
    {
        const auto start = Clock::now();
        for (std::size_t i = 1; i < crew_.size(); ++i)
            crew_[i]->expect_ok(crew_[i]->ask(request::GroupJoin{link_}), "group_join");
        const Drain drain(*crew_.front());
        for (std::size_t i = 1; i < crew_.size(); ++i)
            crew_[i]->wait_until("being let in", [&](const godwit::Event& e) {
                const auto* changed = std::get_if<event::GroupChanged>(&e);
                return changed != nullptr && changed->what == event::GroupChanged::What::joined;
            });
        say_time("all who are awake have come in by the link", start);
    }

    [[nodiscard]] std::size_t members()
    {
        const auto reply = crew_.front()->ask(request::GroupAbout{group_});
        const auto* group = std::get_if<godwit::GroupInfo>(&reply.value);
        return group == nullptr ? 0 : group->members.size();
    }

    /// Waits until so many are in, as the owner's device sees it; the others' events are taken meanwhile.
    void wait_for_members(std::size_t count)
    {
        const auto start = Clock::now();
        while (members() < count) {
            if (Clock::now() - start > std::chrono::seconds(600)) give_up("not all are in after 600 s");
            for (std::size_t i = 1; i < crew_.size(); ++i)
                while (crew_[i]->client().wait(std::chrono::milliseconds(0))) {}
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }

    /// They register, ask, and end. A batch at a time: more may not ask at once.
    void come_in_asleep()
    {
        const auto start = Clock::now();
        double letting_in_us = 0;
        for (int begin = wanted_.awake; begin < wanted_.members;) {
            const int end = std::min(wanted_.members, begin + static_cast<int>(asleep_at_once));
            {
                std::vector<std::unique_ptr<Drain>> drains;
                for (auto& one : crew_)
                    drains.push_back(std::make_unique<Drain>(*one));
                each_enrolled(begin, end, [&](int, std::unique_ptr<Pilot> pilot) {
                    pilot->expect_ok(pilot->ask(request::GroupJoin{link_}), "group_join");
                });
            }
            const auto asked = Clock::now();
            wait_for_members(static_cast<std::size_t>(end));
            letting_in_us += since_us(asked);
            begin = end;
        }
        say_time("the others are registered and in", start);
        std::printf("%-52s %9.1f s\n", "of it waited for the commits, after all had asked", letting_in_us / 1e6);
    }

    godwit::MessageId say(const std::string& text)
    {
        auto& owner = *crew_.front();
        request::Send send;
        send.conversation = group_;
        send.text = text;
        const auto reply = owner.ask(send);
        owner.expect_ok(reply, "send");
        const auto id = std::get<godwit::MessageId>(reply.value);
        owner.wait_until("sent", [&](const godwit::Event& e) {
            const auto* state = std::get_if<event::MessageStateChanged>(&e);
            return state != nullptr && state->id == id && state->state >= godwit::MessageState::sent;
        });
        return id;
    }

    static void wait_for(Pilot& pilot, const godwit::MessageId& id)
    {
        pilot.wait_until("the message", [&](const godwit::Event& e) {
            const auto* got = std::get_if<event::MessageReceived>(&e);
            return got != nullptr && got->message.id == id;
        });
    }

    void speak(const std::string& when)
    {
        std::vector<double> sent, arrived;
        for (int n = 0; n < wanted_.messages; ++n) {
            const auto start = Clock::now();
            const auto id = say("message " + std::to_string(n));
            sent.push_back(since_us(start));
            for (std::size_t i = 1; i < crew_.size(); ++i)
                wait_for(*crew_[i], id);
            arrived.push_back(since_us(start));
            said_.push_back(id);
        }
        say_spread(("send, durable here and at the relay, p50" + when).c_str(), sent);
        say_spread(("the last who is awake has it, p50" + when).c_str(), arrived);
    }

    void rename()
    {
        auto& owner = *crew_.front();
        std::vector<double> done;
        for (int n = 0; n < wanted_.changes; ++n) {
            const auto start = Clock::now();
            request::GroupSet set{group_};
            set.name = "bench " + std::to_string(n);
            owner.expect_ok(owner.ask(set), "group_set");
            done.push_back(since_us(start));
        }
        say_spread("give the group another name, p50", done);
    }

    /// One opens its home, comes into the group by the invitation in its mailbox, and has all that was said since.
    void wake(int n, std::vector<double>& took)
    {
        const auto start = Clock::now();
        Pilot pilot(name_of(n), folder_, relay_);
        pilot.wait_until("all that was said", [&](const godwit::Event& e) {
            const auto* got = std::get_if<event::MessageReceived>(&e);
            return got != nullptr && got->message.id == said_.back();
        });
        took.push_back(since_us(start));
        const auto reply = pilot.ask(request::History{{}, 1000, {}, group_});
        pilot.expect_ok(reply, "history");
        const auto& messages = std::get<std::vector<godwit::Message>>(reply.value);
        for (const auto& id : said_)
            if (std::none_of(messages.begin(), messages.end(), [&](const auto& one) { return one.id == id; }))
                give_up(pilot.name() + ", who slept, lacks a message");
    }

    void wake_some()
    {
        std::vector<double> took;
        const auto asleep = wanted_.members - wanted_.awake;
        const auto count = std::min(asleep, woken);
        for (int i = 0; i < count; ++i)
            try {
                wake(wanted_.members - 1 - static_cast<int>(std::int64_t{i} * asleep / count), took);
            } catch (const GaveUp& why) {
                std::printf("%s\n", why.why.c_str());
                lacking_ = true;
            }
        say_spread("one who slept has come in and has all, p50", took);
    }

    void put_out()
    {
        auto& owner = *crew_.front();
        std::vector<double> done, known;
        Crew out;
        for (int n = 0; n < wanted_.removals && crew_.size() > 2; ++n) {
            const auto start = Clock::now();
            owner.expect_ok(owner.ask(request::GroupRemove{group_, {crew_.back()->name()}}), "group_remove");
            done.push_back(since_us(start));
            for (std::size_t i = 1; i < crew_.size(); ++i)
                crew_[i]->wait_until("the removal", [&](const godwit::Event& e) {
                    const auto* changed = std::get_if<event::GroupChanged>(&e);
                    return changed != nullptr && (changed->what == event::GroupChanged::What::removed ||
                                                  changed->what == event::GroupChanged::What::closed);
                });
            known.push_back(since_us(start));
            out.push_back(std::move(crew_.back()));
            crew_.pop_back();
        }
        say_spread("put a member out, p50", done);
        say_spread("the last who is awake knows it, p50", known);
        if (out.empty()) return;
        const auto before = static_cast<std::ptrdiff_t>(said_.size());
        speak(", after it");
        for (const auto& pilot : out) {
            const auto reply = pilot->ask(request::History{{}, 1000, {}, group_});
            pilot->expect_ok(reply, "history");
            for (const auto& message : std::get<std::vector<godwit::Message>>(reply.value))
                if (std::find(said_.begin() + before, said_.end(), message.id) != said_.end())
                    give_up(pilot->name() + " was put out and reads on");
        }
    }

    const Wanted& wanted_;
    std::filesystem::path folder_;
    std::string relay_;
    Crew crew_;
    godwit::ConversationId group_;
    std::string link_;
    std::vector<godwit::MessageId> said_;
    bool lacking_ = false; ///< Somebody who slept has not got everything.
};

void measure(int argc, char** argv)
{
    const auto wanted = wanted_of(argc, argv);
    const Workplace place(wanted.folder);
    Relay relay(wanted.relay_program, place.folder() / "relay", wanted.members + 1);
    Village(wanted, place.folder(), relay.address()).measure();
}

} // namespace

int main(int argc, char** argv)
{
    return run("groups", [&] { measure(argc, argv); });
}
