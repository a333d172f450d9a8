// SPDX-License-Identifier: Apache-2.0
// The relay's core as the state machine that it is: the input says which link sends what, when ticks end, links break,
// time passes, commits fail and the daemon restarts. Two of the links belong to contacts who are logged in.
//
// Holds: each request of a link that is still open has one answer; what comes out decodes (rig.cpp looks); nothing is
// said to a closed link; a tick's outputs are bounded.
#include "tests/fuzz/target.hpp"
#include "tests/lib/wire/samples.hpp"
#include "tests/relay/mls_shapes.hpp"
#include "tests/relay/rig.hpp"

#include "lib/identity/conversation_id.hpp"
#include "lib/identity/notice.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::relay::test;
using godwit::relay::LinkId;
namespace frame = godwit::wire::relay;

namespace {

constexpr std::size_t steps_max = 80;
constexpr std::size_t people = 5;
/// In one tick: some answers, some pushes to each of the others, a mailbox window.
constexpr std::size_t outputs_a_tick_max = 2000;

const char* const names[] = {"ann", "bob", "cy", "dee", "eve", "Not A Name", ""};

class Siege {
public:
    explicit Siege(Choices& choices) : choices_(choices)
    {
        for (std::size_t i = 0; i < people; ++i)
            devices_.emplace_back(world_, i + 1, "198.51.100." + std::to_string(i % 2));
        devices_[0].join("ann", 100);
        devices_[1].join("bob", 101);
        befriend(devices_[0], "ann", devices_[1], "bob");
        owed_.resize(people);
    }
    void step()
    {
        const auto who = choices_.dice(people);
        auto& device = devices_[who];
        switch (choices_.dice(10)) {
        case 0: return connect(who);
        case 1:
            if (is_open(device)) {
                world_.core->link_down(device.link, world_.now);
                gone_.insert(device.link);
                owed_[who].clear();
            }
            return;
        case 2: {
            static constexpr std::uint64_t waits_ms[] = {1, 100, 1000, 11'000, 120'000, 86'400'000, 40ull * 86'400'000};
            end_tick();
            world_.advance(std::chrono::milliseconds(waits_ms[choices_.dice(std::size(waits_ms))]));
            settle();
            return;
        }
        case 3: return end_tick();
        case 4: return raw(who);
        case 5:
            if (choices_.dice(8) == 0) {
                end_tick();
                world_.restart();
                for (auto& one : devices_)
                    one.link = 0;
                for (auto& owed : owed_)
                    owed.clear();
            } else if (is_open(device)) {
                const frame::MailboxAck ack{{choices_.number(1), choices_.number(1), choices_.number(8)}};
                send(who, ack);
                send(who, frame::NoticeAck{ack.sequences[1]});
                if (ack.sequences[0] % 2 == 0) operator_says(ack.sequences[0]);
            }
            return;
        default: request(who);
        }
    }
    void end_tick()
    {
        (void)world_.tick();
        settle();
    }

private:
    static godwit::relay::Config signing()
    {
        godwit::relay::Config out;
        out.sign_notice = [](wire::OperatorNotice notice) {
            return identity::sign_notice(std::move(notice), signing_key(9'999).seed());
        };
        return out;
    }
    void operator_says(std::uint64_t number)
    {
        godwit::relay::NoticeDraft draft;
        draft.id = filled<NoticeId>(number % 8);
        draft.to_all = number % 3 == 0;
        if (!draft.to_all) draft.users = {number % 5 == 0 ? "bob" : "ann"};
        draft.title = "title";
        draft.lifetime_ms = static_cast<WallMs>(1 + number * 1000);
        if (number % 7 == 0)
            (void)world_.core->notices().withdraw(draft.id, world_.now);
        else
            (void)world_.core->notices().send(draft, world_.now);
    }
    [[nodiscard]] bool is_open(const Device& device) const
    {
        return device.link != 0 && !world_.closed.contains(device.link) && !gone_.contains(device.link);
    }
    void connect(std::size_t who)
    {
        auto& device = devices_[who];
        if (is_open(device)) return;
        end_tick();
        device.link = world_.next_link++;
        world_.core->link_up(device.link, {device.id, device.address + ":4000", device.address}, world_.now);
        owed_[who].clear();
        if (choices_.dice(4) == 0) return; // Without a greeting.
        const std::string version = choices_.flag() ? "0.1.0" : choices_.text(8);
        if (is_utf8(version)) world_.give(device.link, frame::Hello{1, 1, version, "fuzz"});
        if (choices_.flag()) ask(who, frame::Resume{});
    }
    void send(std::size_t who, const wire::relay::ClientFrame& what) { world_.give(devices_[who].link, what); }
    void raw(std::size_t who)
    {
        if (!is_open(devices_[who])) return;
        static const auto samples = wire::test::samples();
        const auto bytes = choices_.flag() ? to_bytes(choices_.bytes(200))
                                           : mutated(samples[choices_.dice(samples.size())].encoded, choices_);
        if (const auto decoded = wire::decode_client_frame(bytes); decoded.ok())
            if (const auto* asked = std::get_if<frame::Request>(&*decoded)) ++owed_[who][asked->id];
        world_.give(devices_[who].link, bytes);
    }
    void ask(std::size_t who, frame::RequestBody body)
    {
        const auto id = choices_.dice(3) == 0 ? choices_.number(1) : next_id_++;
        ++owed_[who][id];
        send(who, frame::Request{id, std::move(body)});
    }
    void request(std::size_t who)
    {
        auto& device = devices_[who];
        if (!is_open(device)) return;
        const std::string user = names[choices_.dice(std::size(names))];
        const auto& other = devices_[choices_.dice(people)];
        const auto account = 100 + choices_.dice(people);
        const auto conversation = *ConversationId::from(Bytes(16, static_cast<std::uint8_t>(account)));
        switch (choices_.dice(21)) {
        case 0: {
            auto body = device.registration("ann", account);
            body.user = user;
            if (!user.empty()) body.login_secret = secret_of(user);
            const auto of = choices_.flag() ? device.id : other.id;
            body.certificate = certify(signing_key(account), user, of);
            body.device_list = list_of(signing_key(account), user, 1, {of}).encoded;
            if (choices_.dice(4) == 0) body.certificate = mutated(body.certificate, choices_);
            body.vault = to_bytes(choices_.bytes(100));
            return ask(who, std::move(body));
        }
        case 1: return ask(who, frame::Login{user, secret_of(choices_.flag() && !user.empty() ? user : "x")});
        case 2:
            return ask(who,
                       frame::AddDevice{user, certify(signing_key(account), user, device.id), list(user, account)});
        case 3: return ask(who, frame::Resume{});
        case 4: return ask(who, frame::Logout{list(user, account)});
        case 5: return ask(who, frame::ContactAdd{user});
        case 6: return ask(who, frame::ContactAccept{user});
        case 7: return ask(who, frame::ContactRemove{user});
        case 8:
            return ask(who, choices_.flag() ? frame::RequestBody(frame::ContactBlock{user})
                                            : frame::RequestBody(frame::ContactUnblock{user}));
        case 9: return ask(who, frame::Signal{other.id, to_bytes(choices_.bytes(32))});
        case 10: return ask(who, frame::FetchSession{});
        case 11: return ask(who, frame::DevicesPut{list(user, account)});
        case 12: return ask(who, frame::KeyPackagePublish{{Bytes(20, 1), to_bytes(choices_.bytes(20))}, Bytes(5, 2)});
        case 13: return ask(who, frame::KeyPackageFetch{user, {other.id, device.id}});
        case 14: {
            frame::GroupCommit commit;
            commit.with = user;
            commit.conversation = some_conversation();
            commit.incarnation = choices_.dice(4);
            commit.epoch = choices_.dice(4);
            if (commit.epoch > 0) commit.recipients = {other.id};
            const wire::GroupName group{commit.conversation, commit.incarnation};
            const auto id = envelope(choices_.number(1)).id;
            commit.envelope = {id, choices_.dice(4) == 0 && commit.epoch > 0
                                       ? external_commit_bytes(group, commit.epoch, id, device.id)
                                       : commit_bytes(group, commit.epoch, id)};
            if (choices_.flag()) {
                commit.newcomers = {other.id};
                commit.welcome = welcome_bytes();
            }
            commit.group_info = group_info_bytes(group, commit.epoch + 1);
            switch (choices_.dice(16)) {
            case 0: commit.envelope.sealed = mutated(commit.envelope.sealed, choices_); break;
            case 1: commit.welcome = mutated(commit.welcome, choices_); break;
            case 2: commit.group_info = mutated(commit.group_info, choices_); break;
            default: break;
            }
            return ask(who, std::move(commit));
        }
        case 15: return ask(who, frame::GroupFetch{user, choices_.flag() ? some_conversation() : conversation});
        case 16: {
            frame::GroupReject reject;
            reject.with = user;
            reject.conversation = some_conversation();
            reject.incarnation = choices_.dice(4);
            reject.epoch = choices_.dice(4);
            reject.commit = envelope(choices_.number(1)).id;
            return ask(who, std::move(reject));
        }
        case 17: return ask(who, frame::LinkWait{});
        case 18: return ask(who, frame::LinkGrant{other.id, to_bytes(choices_.bytes(64))});
        default: {
            std::vector<DeviceId> to{other.id};
            for (std::size_t n = choices_.dice(4); n > 0; --n)
                to.push_back(devices_[choices_.dice(people)].id);
            const auto number = choices_.number(1);
            return ask(who, frame::MailboxPut{to, envelope(number, 1 + choices_.dice(2000))});
        }
        }
    }
    /// Ann's and Bob's.
    static ConversationId some_conversation()
    {
        return identity::conversation_of(signing_key(100).public_key(), signing_key(101).public_key());
    }
    /// Signed by `account` for `user`: some version, some devices.
    Bytes list(const std::string& user, std::uint64_t account)
    {
        const auto version = 1 + choices_.dice(4);
        std::vector<DeviceId> in;
        for (std::size_t i = 0, which = choices_.byte(); i < people; ++i)
            if ((which >> i & 1) != 0) in.push_back(devices_[i].id);
        return list_of(signing_key(account), user, version, in).encoded;
    }
    /// What came out of the tick.
    void settle()
    {
        // What was gathered before a link broke may still be said to it; from the next tick on nothing is.
        world_.closed.insert(gone_.begin(), gone_.end());
        gone_.clear();
        std::size_t outputs = 0;
        for (std::size_t who = 0; who < people; ++who) {
            auto& device = devices_[who];
            auto& inbox = world_.inbox[device.link];
            outputs += inbox.size();
            for (const auto& said : inbox)
                if (const auto* response = std::get_if<frame::Response>(&said)) --owed_[who][response->id];
            inbox.clear();
            if (is_open(device))
                for (const auto& [id, count] : owed_[who])
                    FUZZ_CHECK(count == 0);
            owed_[who].clear();
        }
        FUZZ_CHECK(outputs <= outputs_a_tick_max);
        FUZZ_CHECK(!world_.core->pending());
    }

    Choices& choices_;
    World world_{signing()};
    std::vector<Device> devices_;
    std::vector<std::map<std::uint64_t, int>> owed_; ///< Answers, by request id.
    std::set<LinkId> gone_;                          ///< Broken in this tick.
    std::uint64_t next_id_ = 1'000;
};

std::vector<Bytes> stories()
{
    std::vector<Bytes> out;
    std::uint64_t state = 5;
    for (std::size_t i = 0; i < 6; ++i) {
        Bytes story(60 + 60 * i);
        for (auto& byte : story) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            byte = static_cast<std::uint8_t>(state >> 56);
        }
        out.push_back(std::move(story));
    }
    return out;
}

} // namespace

FUZZ_TARGET(relay_core, "wire", 768, stories)
{
    Choices choices(input);
    Siege siege(choices);
    for (std::size_t step = 0; step < steps_max && !choices.empty(); ++step)
        siege.step();
    siege.end_tick();
}
