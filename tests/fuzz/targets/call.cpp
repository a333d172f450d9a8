// SPDX-License-Identifier: Apache-2.0
// Calls between two accounts with two devices each (tests/lib/call/town.hpp) and a stranger's signals among theirs:
// people call, answer, hang up; signals are lost, doubled and late.
//
// Holds: no device has more calls than it may; each call ends at most once where it was; a device waits for something
// or has nothing; when all is quiet long enough, whoever is still in a call is in it with somebody who is in it too,
// and once those have hung up nobody is.
#include "lib/call/group_calls.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/lib/call/town.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using test::Town;

namespace {

constexpr std::size_t steps_max = 120;
constexpr std::size_t ids = 6;

wire::call::Media media_of(std::uint8_t bits)
{
    return {bits, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
}

wire::call::Signal some_signal(Choices& choices)
{
    const auto id = test::call_id(static_cast<std::uint8_t>(choices.dice(ids)));
    const auto media = media_of(choices.byte());
    switch (choices.dice(7)) {
    case 0: return wire::call::Offer{id, choices.flag(), media};
    case 1: return wire::call::Ringing{id};
    case 2: return wire::call::Answer{id, media};
    case 3: return wire::call::Taken{id, Town::device(choices.dice(Town::devices)).device, media};
    case 4: return wire::call::Reject{id, static_cast<wire::call::RejectReason>(1 + choices.dice(3))};
    case 5: return wire::call::End{id, static_cast<wire::call::EndReason>(1 + choices.dice(7))};
    default: return wire::call::Update{id, media};
    }
}

class Story {
public:
    explicit Story(BytesView input) : choices_(input) {}

    void tell()
    {
        for (std::size_t step = 0; step < steps_max && !choices_.empty(); ++step) {
            act();
            check();
        }
        // Media that never flows ends a call, silence ends it too: what is left are two devices that hear each other.
        town_.run(now_, now_ + std::chrono::minutes(10));
        for (std::size_t i = 0; i < Town::devices; ++i)
            if (const auto id = town_.who[i].engaged()) {
                FUZZ_CHECK(town_.who[i].state(*id) == call::State::active);
                const auto& peer = town_.of(i, *id).peer;
                FUZZ_CHECK(peer && town_.who[Town::index(*peer)].state(*id) == call::State::active);
                FUZZ_CHECK(town_.of(Town::index(*peer), *id).peer == Town::device(i));
            }
        for (std::size_t i = 0; i < Town::devices; ++i) {
            if (const auto id = town_.who[i].engaged()) FUZZ_CHECK(town_.who[i].hang_up(*id, now_).ok());
            town_.collect(i);
        }
        town_.run(now_, now_ + std::chrono::minutes(10));
        for (auto& one : town_.who) {
            FUZZ_CHECK(!one.engaged() && one.deadline() == never);
            FUZZ_CHECK(one.fingerprint().empty());
        }
    }

private:
    void act()
    {
        const auto i = choices_.dice(Town::devices);
        auto& who = town_.who[i];
        const auto id = test::call_id(static_cast<std::uint8_t>(choices_.dice(ids)));
        switch (choices_.dice(12)) {
        case 0: {
            const bool video = choices_.flag();
            (void)who.place(id, Town::conversation(), i < 2 ? "bob" : "ann", video, media_of(choices_.byte()), now_);
            break;
        }
        case 1: (void)who.answer(id, media_of(choices_.byte()), now_); break;
        case 2: (void)who.reject(id, now_); break;
        case 3: (void)who.hang_up(id, now_); break;
        case 4: (void)who.set_media(id, media_of(choices_.byte()), now_); break;
        case 5: who.connected(id, now_); break;
        case 6: who.failed(id, now_); break;
        case 7: { // by a modified device of one of the two, or of somebody else, here or elsewhere
            auto from = Town::device(choices_.dice(Town::devices));
            if (choices_.dice(4) == 3) from.user = "eve";
            auto conversation = Town::conversation();
            if (choices_.dice(4) == 3) conversation.bytes[0] = 1;
            who.receive(conversation, from, some_signal(choices_), now_);
            break;
        }
        case 8: town_.run(now_, now_ + std::chrono::seconds(choices_.byte())); return;
        case 11: who.media_heard(id, now_); break;
        default: {
            if (town_.under_way.empty()) break;
            auto at =
                std::next(town_.under_way.begin(), static_cast<std::ptrdiff_t>(choices_.dice(town_.under_way.size())));
            const auto [from, to] = at->first;
            const auto fate = choices_.dice(4);
            if (fate == 3) { // lost
                at->second.pop_front();
                if (at->second.empty()) town_.under_way.erase(at);
                break;
            }
            if (fate == 2) at->second.push_back(at->second.front()); // doubled
            town_.deliver(from, to, now_);
            break;
        }
        }
        // All of it: what leaves here is the town's to deliver.
        town_.collect(i);
    }
    void check()
    {
        for (std::size_t i = 0; i < Town::devices; ++i) {
            std::size_t calls = 0, parts = 0;
            for (std::uint8_t n = 0; n < ids; ++n)
                if (const auto state = town_.who[i].state(test::call_id(n))) {
                    ++calls;
                    if (*state != call::State::ringing_here) ++parts;
                }
            FUZZ_CHECK(calls <= call::calls_max);
            FUZZ_CHECK(parts <= 1 && town_.who[i].engaged().has_value() == (parts == 1));
            if (calls > 0) FUZZ_CHECK(town_.who[i].deadline() != never);
        }
    }

    Choices choices_;
    Town town_;
    Instant now_{std::chrono::hours(1)};
};

std::vector<Bytes> stories()
{
    // a1 calls, b2 answers, everything arrives, media flows, a1 hangs up
    Bytes plain{0, 0, 0, 0, 0};
    for (int i = 0; i < 6; ++i)
        plain.insert(plain.end(), {0, 0, 9, 0, 0});
    plain.insert(plain.end(), {3, 0, 1, 0});
    for (int i = 0; i < 8; ++i)
        plain.insert(plain.end(), {0, 0, 9, 0, 0});
    plain.insert(plain.end(), {0, 0, 5, 3, 0, 5, 0, 0, 8, 20, 0, 0, 3});
    std::vector<Bytes> out{plain};
    std::uint64_t state = 3;
    for (std::size_t i = 0; i < 6; ++i) {
        Bytes story;
        for (std::size_t n = 0; n < 80 + 40 * i; ++n) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            story.push_back(static_cast<std::uint8_t>(state >> 56));
        }
        out.push_back(std::move(story));
    }
    return out;
}

} // namespace

FUZZ_TARGET(call_town, "", 768, stories)
{
    Story(input).tell();
}

namespace {

bool is_of_town(const DeviceId& device)
{
    for (std::size_t i = 0; i < Town::devices; ++i)
        if (Town::device(i).device == device) return true;
    return false;
}

std::vector<Bytes> group_stories()
{
    Bytes honest;
    for (std::uint8_t i = 0; i < 60; ++i)
        honest.insert(honest.end(), {0, i, 0, 1, i, 0, 5, 3, 6, 9, 9});
    return {honest, wire::call::encode(wire::call::Present{}), wire::call::encode(wire::call::Gone{}),
            wire::call::encode(wire::call::Dismissed{})};
}

} // namespace

/// The call of a group, at one device whom three others and a stranger tell anything. Holds: as many calls and members
/// as there may be, in one of them at most, nothing is said to who is not of the group, and when nobody says anything
/// any more it ends.
FUZZ_TARGET(call_group, "", 1024, group_stories)
{
    if (const auto signal = wire::call::decode_group_signal(input))
        FUZZ_CHECK(wire::call::encode(*signal) == to_bytes(input));
    Choices choices(input);
    call::GroupCalls calls(Town::device(0));
    Instant now(std::chrono::hours(1));
    const auto some_id = [&] { return test::call_id(static_cast<std::uint8_t>(choices.dice(ids))); };
    for (std::size_t step = 0; step < steps_max && !choices.empty(); ++step) {
        const auto from = Town::device(choices.dice(Town::devices));
        const auto media = media_of(choices.byte());
        switch (choices.dice(9)) {
        case 0: static_cast<void>(calls.place(some_id(), Town::conversation(), choices.flag(), media, now)); break;
        case 1: static_cast<void>(calls.answer(some_id(), media, now)); break;
        case 2: static_cast<void>(calls.leave(some_id(), now)); break;
        case 3: {
            wire::call::Present present{some_id(),      "ann",          choices.flag(), choices.byte(),
                                        choices.byte(), choices.flag(), media,          {}};
            for (std::size_t i = choices.dice(4); i > 0; --i)
                if (choices.flag())
                    present.members.push_back(Town::device(choices.dice(Town::devices)).device);
                else
                    present.members.emplace_back().bytes.fill(choices.byte()); // of nobody
            calls.receive(Town::conversation(), from, present, now);
            break;
        }
        case 4: calls.receive(Town::conversation(), from, wire::call::Gone{some_id()}, now); break;
        case 5: calls.receive(Town::conversation(), from, wire::call::Dismissed{some_id()}, now); break;
        case 6: calls.media_heard(some_id(), from.device, now); break;
        case 7: {
            std::vector<call::Device> devices;
            for (std::size_t i = choices.dice(Town::devices + 1); i > 0; --i)
                devices.push_back(Town::device(i - 1));
            calls.set_group(Town::conversation(), devices, now);
            break;
        }
        default:
            now += std::chrono::milliseconds(choices.dice(20'000));
            calls.handle_deadline(now);
            break;
        }
        for (const auto& output : calls.take())
            if (const auto* sent = std::get_if<call::group_out::Send>(&output))
                for (const auto& device : sent->to)
                    FUZZ_CHECK(is_of_town(device));
        std::size_t in = 0;
        for (const auto& id : calls.all()) {
            const auto view = calls.view(id);
            FUZZ_CHECK(view->members.size() <= call_members_max);
            for (const auto& member : view->members)
                FUZZ_CHECK(member.who != Town::device(0));
            in += view->state >= call::GroupState::waiting ? 1U : 0U;
            FUZZ_CHECK(view->state < call::GroupState::waiting || view->members.size() < call_members_max);
        }
        FUZZ_CHECK(in <= 1 && calls.engaged().has_value() == (in == 1));
    }
    for (int turn = 0; turn < 200 && calls.deadline() != never; ++turn) {
        now = std::max(now, calls.deadline());
        calls.handle_deadline(now);
        static_cast<void>(calls.take());
    }
    FUZZ_CHECK(calls.all().empty() && calls.deadline() == never);
}
