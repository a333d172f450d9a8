// SPDX-License-Identifier: Apache-2.0
// A member of a conversation that keeps to no rule, with a relay that keeps to all: real engines and the real relay
// core, and a hand on Mallory's own links that says what it likes to the relay, with the keys that Mallory's device
// has.
#pragma once

#include "tests/lib/engine/heard.hpp"

#include "lib/seal/label.hpp"
#include "lib/seal/membership.hpp"
#include "lib/seal/policy_extension.hpp"
#include "lib/seal/record.hpp"

#include <doctest/doctest.h>

#include <set>

namespace godwit::mls {

/// The one friend of Group.
struct GroupTestAccess {
    static const SignatureKeyPair& signer(const Group& group) { return group.signer_; }
    static BytesView encoded_context(const Group& group) { return group.encoded_context_; }
    static SecretTree& secret_tree(Group& group) { return group.secret_tree_; }
    static BytesView sender_data_secret(const Group& group) { return group.secrets_.sender_data_secret; }
    /// Of the epoch that `commit` leads to.
    static Bytes confirmation_tag(const Group& group, GroupContext context, std::shared_ptr<const RatchetTree> tree,
                                  const AuthenticatedContent& commit, BytesView commit_secret)
    {
        return Group::stage_epoch(std::move(context), std::move(tree), commit, group.interim_transcript_hash_,
                                  {group.secrets_.init_secret, commit_secret, compute_psk_secret({})})
            .confirmation_tag;
    }
};

} // namespace godwit::mls

namespace godwit::testing {

namespace frame = wire::relay;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SayingYes final : public mls::AuthenticationService {
public:
    bool is_valid(const mls::Credential&, BytesView) const override { return true; }
    bool is_successor(const mls::Credential&, const mls::Credential&) const override { return true; }
    Bytes client_of(const mls::LeafNode& leaf) const override { return leaf.encryption_key; }
};

template <class T>
T must(mls::MlsResult<T> result)
{
    REQUIRE_MESSAGE(result.ok(), "mls: " << mls::mls_error_name(result.error()));
    return std::move(*result);
}

inline mls::Group group_of(Client& client, const ConversationId& conversation)
{
    auto out = seal::load_group(client.store, conversation);
    REQUIRE_MESSAGE(out.has_value(), client.name << " has no group");
    return std::move(*out);
}

/// Bytes that a device stores for MLS.
inline std::size_t mls_bytes(Client& client, const ConversationId& conversation)
{
    const auto group = group_of(client, conversation);
    return group.serialize_epoch().size() + group.serialize_ratchets().size();
}

/// What Mallory changes in a commit before it is signed, tagged and sealed, and so in everybody's eyes his word.
struct Lie {
    std::function<void(mls::RatchetTree&)> tree;         ///< Before the path.
    std::vector<mls::Proposal> proposals;                ///< Listed; their effect on the tree is up to `tree`.
    std::function<void(mls::UpdatePath&)> path;          ///< After the leaf was signed.
    std::function<void(mls::LeafNode&)> leaf;            ///< Signed again.
    std::function<void(mls::AuthenticatedContent&)> tag; ///< After everything.
    bool with_path = true;
    const Client* by = nullptr; ///< Whose account the false rules are without; nullptr: Mallory's.
};

/// Alice with two devices, Mallory with one that is told what to say, and their conversation.
struct Siege {
    World world;
    Client& alice;
    Client& phone;
    Client& mallory;
    std::vector<Client*> honest;
    ConversationId conversation;
    SayingYes yes;
    test::SeededEntropy entropy;
    std::set<const Client*> silent; ///< Their engines say nothing more about groups.
    std::set<const Client*> no_packages;
    bool deaf = false; ///< The relay hears no rejection, and says that it has.
    /// Mail that the relay shows behind another one, which it has refused, or never had.
    std::function<std::optional<frame::MailboxDeliver>(Client& to, const frame::MailboxDeliver&)> and_then;
    std::function<void(Client& from, frame::GroupCommit&)> edit_commit;        ///< On its way to the relay.
    std::function<bool(const Client& to, const frame::MailboxDeliver&)> loses; ///< Mail that does not come.
    std::vector<std::pair<const Client*, frame::GroupReject>> rejections;      ///< As they were said.
    std::function<bool(const Client& from)> forbids; ///< The relay says that a commit of theirs is not allowed.

    explicit Siege(std::uint64_t seed)
        : world(seed), alice(world.client("alice")), phone(world.client("alice.phone")),
          mallory(world.client("mallory")), honest{&alice, &phone}, entropy(seed)
    {
        world.meddle_to_device = [this](Client& to, Bytes bytes) { return heard(to, std::move(bytes)); };
        world.meddle_to_relay = [this](Client& from, Bytes bytes) { return said(from, std::move(bytes)); };
        world.befriend(alice, mallory);
        enter(phone);
        say(alice, "mallory", "hello");
        conversation = *World::conversation_of({&alice, &mallory});
        REQUIRE(world.run_until([&] {
            const auto group = seal::load_group(mallory.store, conversation);
            return group && group->tree().member_count() == 3;
        }));
        world.run_for(seconds(15)); // Nothing is left to do.
        silent.insert(&mallory);
    }
    void enter(Client& client)
    {
        client.start();
        REQUIRE(client.wait(client.enter(false)).error.code == ErrorCode::ok);
    }
    mls::Environment lawless() { return {entropy, yes, world.wall_ms()}; }
    MessageId fresh_id()
    {
        MessageId out;
        entropy.fill(out.bytes);
        return out;
    }

    // ---- what Mallory can say ----

    /// On the device's own link, in the place of a request that its engine was asked for.
    std::uint64_t request(Client& from, frame::RequestBody body)
    {
        REQUIRE(world.run_until([&] { return from.status().connected; }, minutes(2)));
        const auto id = ++last_request_;
        put_in_ = wire::encode(frame::ClientFrame(frame::Request{id, std::move(body)}));
        from.wait(from.ask(request::ContactAdd{pretext}));
        REQUIRE(put_in_.empty());
        return id;
    }
    frame::Response ask(Client& from, frame::RequestBody body)
    {
        const auto id = request(from, std::move(body));
        REQUIRE(world.run_until([&] { return answers_.contains(id); }));
        return answers_.at(id);
    }
    /// To the Delivery Service, as the next commit of the group.
    frame::Response commit(Client& from, const mls::Group& before, const MessageId& id, Bytes sealed,
                           const mls::GroupInfo& info, const std::set<DeviceId>& without = {})
    {
        frame::GroupCommit out;
        const auto policy = seal::policy::decode(info.group_context.extensions);
        if (policy)
            for (const auto& member : policy->members)
                out.members.push_back(member.user);
        else
            out.with = from.account() == "mallory" ? "alice" : "mallory";
        out.conversation = conversation;
        out.incarnation = seal::parse_group_id(before.group_id())->incarnation;
        out.epoch = before.epoch();
        before.tree().for_each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
            const auto device = seal::device_of(leaf);
            if (!policy && device != id_of(from) && !without.contains(device)) out.recipients.push_back(device);
        });
        out.envelope = {id, std::move(sealed)};
        out.group_info = mls::encode(mls::MLSMessage{info});
        return ask(from, std::move(out));
    }
    /// Other rules than the group has, which a member's role allows as far as the relay can see: of many, `by` has
    /// left.
    mls::Extensions false_rules(const mls::Group& before, const Client* by = nullptr)
    {
        auto policy = seal::policy::decode(before.context().extensions);
        if (!policy) return before.context().extensions;
        const auto user = (by == nullptr ? mallory : *by).account();
        std::erase_if(policy->members, [&](const auto& one) { return one.user == user; });
        policy->stale = true;
        return seal::policy::encode(*policy);
    }
    /// What a commit says of its rules: of a conversation of two nothing.
    static Bytes rules_of(const mls::Extensions& extensions)
    {
        return seal::policy::is_there(extensions) ? seal::policy::rules_of(extensions) : Bytes();
    }
    /// A GroupInfo of the next epoch with the form that the relay wants, and nothing true in it.
    mls::GroupInfo false_info(const mls::Group& before, const Client* by = nullptr)
    {
        auto out = before.group_info(lawless(), true, true);
        ++out.group_context.epoch;
        out.group_context.extensions = false_rules(before, by);
        mls::sign_group_info(out, mls::GroupTestAccess::signer(before));
        return out;
    }
    /// A commit with a lie in it, as a PrivateMessage.
    Bytes lie(mls::Group group, const MessageId& id, const Lie& about)
    {
        using Access = mls::GroupTestAccess;
        const auto leaf = group.own_leaf();
        auto tree = std::make_shared<mls::RatchetTree>(group.tree());
        if (about.tree) about.tree(*tree);
        mls::Commit commit;
        for (const auto& proposal : about.proposals)
            commit.proposals.push_back({std::make_shared<const mls::Proposal>(proposal)});
        auto context = group.context();
        ++context.epoch;
        mls::WipedBytes commit_secret(mls::kdf_nh, 0);
        if (about.with_path) {
            auto started = mls::start_path(group.cipher_suite(), *tree, leaf, *tree->leaf(leaf), Access::signer(group),
                                           group.group_id(), entropy);
            context.tree_hash = tree->root_hash();
            commit.path =
                must(mls::seal_path(group.cipher_suite(), *tree, leaf, started, {}, mls::encode(context), entropy));
            commit_secret = started.commit_secret;
            if (about.leaf) {
                about.leaf(commit.path->leaf_node);
                mls::sign_leaf_node(commit.path->leaf_node, Access::signer(group), group.group_id(), leaf);
            }
            if (about.path) about.path(*commit.path);
        } else {
            tree->update_hashes();
            context.tree_hash = tree->root_hash();
        }
        mls::AuthenticatedContent content;
        content.wire_format = mls::WireFormat::mls_private_message;
        content.content.group_id = to_bytes(group.group_id());
        content.content.epoch = group.epoch();
        content.content.sender = {mls::SenderType::member, leaf};
        content.content.authenticated_data =
            seal::bind(seal::commit_purpose, id, {}, rules_of(false_rules(group, about.by)));
        content.content.content = std::move(commit);
        mls::sign_content(content, Access::encoded_context(group), Access::signer(group));
        content.auth.confirmation_tag = Access::confirmation_tag(group, context, tree, content, commit_secret);
        if (about.tag) about.tag(content);
        const auto key = must(Access::secret_tree(group).next(leaf, mls::RatchetType::handshake));
        const mls::SenderData sender{leaf, key.generation, {}};
        return mls::encode(mls::MLSMessage{mls::seal_private_message(group.cipher_suite(), content, key.key, sender,
                                                                     Access::sender_data_secret(group), 0)});
    }
    /// Rubbish, and rubbish on top of it, while nobody else is there: none of it is for anybody, and the relay cannot
    /// tell.
    void rubbish_on_rubbish(Client& first, Client& second)
    {
        for (auto* one : honest)
            one->crash();
        auto before = group_of(mallory, conversation);
        Lie lie;
        lie.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
        lie.by = &first;
        const auto id = fresh_id();
        auto answer = commit(first, before, id, this->lie(before, id, lie), false_info(before, &first));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        const auto next = must(group_of(mallory, conversation).commit(lawless(), {})).next;
        const auto another = fresh_id();
        answer = commit(second, next, another, this->lie(next, another, lie), false_info(next, &first));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        for (auto* one : honest)
            one->start();
    }
    /// A message of the generation that Mallory likes, with its right key.
    Bytes message_of_generation(std::uint32_t generation, const MessageId& id, BytesView text)
    {
        using Access = mls::GroupTestAccess;
        mls::Group group = group_of(mallory, conversation);
        mls::AuthenticatedContent content;
        content.wire_format = mls::WireFormat::mls_private_message;
        content.content.group_id = to_bytes(group.group_id());
        content.content.epoch = group.epoch();
        content.content.sender = {mls::SenderType::member, group.own_leaf()};
        content.content.authenticated_data = seal::bind(static_cast<std::uint8_t>(seal::Purpose::content), id);
        content.content.content = to_bytes(text);
        mls::sign_content(content, Access::encoded_context(group), Access::signer(group));
        mls::MessageKey key{mls::WipedBytes(mls::aead_nk(group.cipher_suite()), 7), mls::WipedBytes(mls::aead_nn, 7)};
        auto& ratchets = Access::secret_tree(group);
        const auto peek = ratchets.peek(group.own_leaf(), mls::RatchetType::application, generation);
        if (peek) key = peek->key;
        const mls::SenderData sender{group.own_leaf(), generation, {}};
        return mls::encode(mls::MLSMessage{mls::seal_private_message(group.cipher_suite(), content, key, sender,
                                                                     Access::sender_data_secret(group), 0)});
    }
    /// Into the mailboxes of Alice's devices. The relay may take it, refuse it, or end the link.
    void mail(const MessageId& id, Bytes sealed)
    {
        const auto asked = request(mallory, frame::MailboxPut{{id_of(alice), id_of(phone)}, {id, std::move(sealed)}});
        REQUIRE(world.run_until([&] { return answers_.contains(asked) || !mallory.connected(); }));
    }

    // ---- what must hold ----

    [[nodiscard]] bool all_told(SecurityKind kind, Duration within = seconds(30))
    {
        return world.run_until(
            [&] { return std::all_of(honest.begin(), honest.end(), [&](auto* one) { return told(*one, kind) > 0; }); },
            within);
    }
    [[nodiscard]] const event::Security* last(const Client& client, SecurityKind kind) const
    {
        const event::Security* out = nullptr;
        for (const auto& event : client.heard.others)
            if (const auto* one = std::get_if<event::Security>(&event); one != nullptr && one->kind == kind) out = one;
        return out;
    }
    /// Both of Alice's devices write, and both have what the other wrote; with Mallory's engine as it was, he too,
    /// unless what he did with his keys keeps his receipts from being believed.
    void goes_on(Duration within = minutes(5), bool mallory_too = true)
    {
        silent.clear();
        no_packages.clear();
        for (auto* from : honest) {
            const std::string text = "from " + from->name + " " + std::to_string(++words_);
            const auto id = from->send("mallory", text);
            if (mallory_too)
                CHECK_MESSAGE(world.run_until([&] { return from->state(id) == MessageState::delivered; }, within),
                              text);
            for (auto* other : honest)
                CHECK_MESSAGE(world.run_until([&] { return has(*other, text); }, within), other->name << ": " << text);
        }
        CHECK(world.run_until([&] { return head(alice) == head(phone); }, minutes(1)));
    }
    [[nodiscard]] Bytes head(Client& client) { return to_bytes(group_of(client, conversation).epoch_authenticator()); }
    [[nodiscard]] bool has(Client& client, const std::string& text)
    {
        const auto history = client.history("mallory");
        return std::any_of(history.begin(), history.end(), [&](const auto& one) { return one.text == text; });
    }
    [[nodiscard]] std::size_t alarms_of_forgery(const Client& client) const
    {
        return told(client, SecurityKind::message_forged) + told(client, SecurityKind::commit_rejected) +
               told(client, SecurityKind::group_invalid) + told(client, SecurityKind::message_unopenable);
    }

private:
    void say(Client& from, const std::string& to, const std::string& text)
    {
        const auto id = from.send(to, text);
        REQUIRE(world.run_until([&] { return from.state(id) == MessageState::delivered; }));
    }
    std::vector<Bytes> heard(Client& to, Bytes bytes)
    {
        const auto decoded = wire::decode_server_frame(bytes);
        REQUIRE(decoded.ok());
        if (const auto* mail = std::get_if<frame::MailboxDeliver>(&*decoded); mail != nullptr && loses)
            if (loses(to, *mail)) return {};
        if (const auto* mail = std::get_if<frame::MailboxDeliver>(&*decoded); mail != nullptr && and_then)
            if (const auto more = and_then(to, *mail))
                return {std::move(bytes), wire::encode(frame::ServerFrame(*more))};
        const auto* answer = std::get_if<frame::Response>(&*decoded);
        if (answer == nullptr || answer->id <= made_up_from) return {std::move(bytes)};
        answers_.emplace(answer->id, *answer);
        return {};
    }
    std::vector<Bytes> said(Client& from, Bytes bytes)
    {
        const auto decoded = wire::decode_client_frame(bytes);
        REQUIRE(decoded.ok());
        if (const auto* request = std::get_if<frame::Request>(&*decoded)) {
            const auto& body = request->body;
            if (const auto* add = std::get_if<frame::ContactAdd>(&body); add != nullptr && add->user == pretext) {
                world.inject(from, wire::encode(frame::ServerFrame(
                                       frame::Response{request->id, {ErrorCode::no_such_user, {}, 0}, {}})));
                return {std::exchange(put_in_, {})};
            }
            const bool of_groups = std::holds_alternative<frame::GroupCommit>(body) ||
                                   std::holds_alternative<frame::GroupFetch>(body) ||
                                   std::holds_alternative<frame::GroupReject>(body);
            if (of_groups && silent.contains(&from)) return {};
            if (const auto* reject = std::get_if<frame::GroupReject>(&body)) rejections.emplace_back(&from, *reject);
            if (const auto* commit = std::get_if<frame::GroupCommit>(&body)) {
                if (forbids && forbids(from)) {
                    world.inject(from, wire::encode(frame::ServerFrame(frame::Response{
                                           request->id, {ErrorCode::not_allowed, "because I say so", 0}, {}})));
                    return {};
                }
                if (edit_commit) {
                    auto out = *commit;
                    edit_commit(from, out);
                    return {wire::encode(frame::ClientFrame(frame::Request{request->id, std::move(out)}))};
                }
            }
            if (deaf && std::holds_alternative<frame::GroupReject>(body)) {
                world.inject(
                    from, wire::encode(frame::ServerFrame(frame::Response{request->id, {ErrorCode::ok, {}, 0}, {}})));
                return {};
            }
            if (std::holds_alternative<frame::KeyPackagePublish>(body) && no_packages.contains(&from)) return {};
        }
        return {std::move(bytes)};
    }

    static constexpr const char* pretext = "pretext";
    static constexpr std::uint64_t made_up_from = 1ULL << 40;
    Bytes put_in_;
    std::uint64_t last_request_ = made_up_from;
    std::map<std::uint64_t, frame::Response> answers_;
    int words_ = 0;
};

} // namespace godwit::testing
