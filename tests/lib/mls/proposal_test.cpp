// SPDX-License-Identifier: Apache-2.0
// Proposals of the application's own, and of senders outside the group.
#include "tests/lib/mls/story.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("group context extensions and custom proposals that everybody supports")
{
    World world(18);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    RequiredCapabilities required;
    required.proposal_types = {custom_proposal};
    required.credential_types = {CredentialType::basic};
    Extensions extensions{make_extension(ExtensionType::required_capabilities, required),
                          {custom_extension, Bytes{1, 2, 3}}};
    CommitOptions options;
    options.proposals = {Proposal{GroupContextExtensions{extensions}},
                         Proposal{CustomProposal::opaque(custom_proposal, Bytes{4, 5})}};
    auto out = must(world.group(0).commit(world.env(), options));
    const auto seen = must(world.group(1).process(world.env(), out.commit));
    CHECK(seen.commit->extensions_changed);
    REQUIRE(seen.commit->custom.size() == 1);
    CHECK(seen.commit->custom[0].opaque_data() == Bytes{4, 5});
    must(world.group(2).process(world.env(), out.commit));
    world.group(0) = std::move(out.next);
    world.agree();
    CHECK(world.group(2).context().extensions == extensions);
    world.add(1, {"dave"});
    everybody_talks(world);
    // Somebody who does not support all that cannot be added.
    Member plain_member = world.newcomer("erin");
    plain_member.leaf.capabilities.proposals.clear();
    options.proposals = {Proposal{Add{world.package(plain_member).key_package}}};
    CHECK(world.group(0).commit(world.env(), options).error() == MlsError::required_capability_missing);
    plain_member.leaf.capabilities.extensions.clear();
    options.proposals = {Proposal{Add{world.package(plain_member).key_package}}};
    CHECK(world.group(0).commit(world.env(), options).error() == MlsError::group_extension_not_supported);
}

TEST_CASE("proposals from outside: an external sender, and a newcomer who asks to be added")
{
    World world(19);
    const auto service_key = generate_signature_key_pair(world.entropy);
    const ExternalSenders senders{{{service_key.public_key, Credential::basic(as_bytes("directory"))}}};
    world.found("alice", {make_extension(ExtensionType::external_senders, senders)}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    const Group& group = world.group(0);
    const Sender directory{SenderType::external, 0};
    const Bytes remove =
        must(external_proposal(group.group_id(), group.epoch(), Proposal{Remove{2}}, directory, service_key));
    world.deliver(remove, nobody);
    world.deliver(remove, nobody); // Twice is once.
    CHECK(world.group(1).proposals().size() == 1);
    Member dave = world.newcomer("dave");
    const auto bundle = world.package(dave);
    const Bytes add = must(external_proposal(group.group_id(), group.epoch(), Proposal{Add{bundle.key_package}},
                                             Sender{SenderType::new_member_proposal, 0}, dave.signer));
    world.deliver(add, nobody);
    auto out = must(world.group(1).commit(world.env(), {}));
    world.deliver(out.commit, 1);
    world.group(1) = std::move(out.next);
    auto welcome = must_decode<MLSMessage>(*out.welcome);
    dave.group = must(Group::join(world.env(), *welcome.as<Welcome>(), bundle));
    world.members.push_back(std::make_unique<Member>(std::move(dave)));
    world.drop_removed();
    CHECK(world.members.size() == 3);
    world.agree();
    everybody_talks(world);

    const Proposal update{Update{*world.group(0).tree().leaf(0)}};
    CHECK(external_proposal(group.group_id(), 9, update, directory, service_key).error() ==
          MlsError::proposal_by_external_not_allowed);
    const Bytes stranger = must(external_proposal(world.group(0).group_id(), world.group(0).epoch(),
                                                  Proposal{Remove{1}}, {SenderType::external, 1}, service_key));
    CHECK(world.group(0).process(world.env(), stranger).error() == MlsError::unknown_external_sender);
    const Bytes forged = must(external_proposal(world.group(0).group_id(), world.group(0).epoch(), Proposal{Remove{1}},
                                                directory, generate_signature_key_pair(world.entropy)));
    CHECK(world.group(0).process(world.env(), forged).error() == MlsError::bad_signature);
}

TEST_CASE("a custom proposal type is what the application says of it: with a path or without, from outside or not")
{
    World world(23);
    const auto service_key = generate_signature_key_pair(world.entropy);
    const ExternalSenders senders{{{service_key.public_key, Credential::basic(as_bytes("directory"))}}};
    world.found("alice", {make_extension(ExtensionType::external_senders, senders)});
    world.add(0, {"bob"});
    const Proposal custom{CustomProposal::opaque(custom_proposal, Bytes{1})};
    CommitOptions options;
    options.proposals = {custom};
    options.force_path = false;
    for (const bool needed : {true, false}) {
        world.service.custom_needs_path = needed;
        const auto out = must(world.group(0).commit(world.env(), options));
        Group bob = world.group(1);
        const auto taken = must(bob.process(world.env(), out.commit));
        REQUIRE(taken.commit);
        CHECK(taken.commit->path.has_value() == needed);
        CHECK(taken.commit->custom.size() == 1);
        world.service.custom_needs_path = true; // Another application refuses what this one allows.
        bob = world.group(1);
        CHECK(bob.process(world.env(), out.commit).error() == (needed ? MlsError::none : MlsError::path_required));
    }
    world.service.custom_from_outside = true;
    const Bytes asked = must(external_proposal(world.group(0).group_id(), world.group(0).epoch(), custom,
                                               Sender{SenderType::external, 0}, service_key));
    CHECK(must(world.group(1).process(world.env(), asked)).proposal != nullptr);
    world.service.custom_from_outside = false;
    CHECK(world.group(0).process(world.env(), asked).error() == MlsError::proposal_by_external_not_allowed);
}

TEST_CASE("a path that claims more ciphertexts than any path has is not even held")
{
    World world(24);
    world.found("alice");
    world.add(0, {"bob"});
    CommitOptions options;
    options.force_path = true;
    Writer io;
    io(*world.group(0).tree().leaf(0));
    io.vector([&] {
        for (std::size_t node = 0; node < list_items_max<UpdatePathNode>; ++node) {
            io.opaque(Bytes(32, 1));
            io.vector([&] {
                for (std::size_t i = 0; i < path_ciphertexts_max / 8; ++i)
                    io.raw(Bytes{0, 0});
            });
        }
    });
    Reader in(io.view());
    UpdatePath path;
    in(path);
    CHECK(in.error() == MlsError::too_many_items);
    CHECK(path.nodes.size() == 9);
}

TEST_CASE("what a KeyPackage and a GroupInfo carry besides is the application's, and listed")
{
    World world(25);
    world.found("alice");
    Member bob = world.newcomer("bob");
    const Extension tag{custom_extension, Bytes{7}};
    const auto made = [&](Extensions extensions) {
        return create_key_package(suite_1, bob.signer, bob.leaf, world_lifetime, world.entropy, std::move(extensions));
    };
    CHECK(find_extension(must(made({tag})).key_package.extensions, custom_extension) != nullptr);
    CHECK(made({tag, tag}).error() == MlsError::duplicate_extension);
    CHECK(made({{static_cast<ExtensionType>(0xf777), {}}}).error() == MlsError::key_package_extension_unlisted);
    const auto info = world.group(0).group_info(world.env(), true, true, {tag});
    CHECK(find_extension(info.extensions, custom_extension) != nullptr);
    CHECK(verify_group_info(info, world.members[0]->signer.public_key));
}

namespace {

constexpr auto empty_type = static_cast<ProposalType>(0xf0e0);
constexpr auto struct_type = static_cast<ProposalType>(0xf0e1);
constexpr auto bare_type = static_cast<ProposalType>(0xf0e2);

/// struct {} SelfRemove, as drafts have it.
struct Nothing {
    template <class Io, class Self>
    static void tls(Io&, Self&)
    {
    }
};

/// A select, as RFC 9420 itself has many: no length stands in front of it.
struct Poll {
    std::uint8_t kind = 1;
    std::uint32_t number = 0;   ///< kind 1.
    std::vector<Bytes> options; ///< kind 2.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.kind);
        if (s.kind == 1)
            io(s.number);
        else if (s.kind == 2)
            io(s.options);
        else
            io.require(false, MlsError::invalid_enum);
    }
};

/// Four members whose application has three types of its own, with bodies of three shapes.
struct Parliament {
    World world;
    std::vector<CustomProposal> all;

    explicit Parliament(std::uint64_t seed, HandshakeFormat handshake) : world(seed)
    {
        register_all(world.bodies);
        const auto member = [&](const char* name) {
            Member out = world.newcomer(name);
            out.leaf.capabilities.proposals = {empty_type, struct_type, bare_type};
            return out;
        };
        Member alice = member("alice");
        alice.group = must(Group::create(world.env(), suite_1, Bytes{1}, alice.leaf, alice.signer, world_lifetime, {},
                                         {handshake, 0}));
        world.members.push_back(std::make_unique<Member>(std::move(alice)));
        world.commit(0, {}, {member("bob"), member("carol"), member("dave")});
        Poll choice;
        choice.kind = 2;
        choice.options = {Bytes{1}, {}, Bytes(70, 9)};
        all = {CustomProposal::of(empty_type, Nothing{}), CustomProposal::of(struct_type, Poll{1, 7, {}}),
               CustomProposal::of(struct_type, choice), CustomProposal{bare_type, Bytes{1, 2, 3, 4, 5}}};
    }
    static void register_all(ProposalBodies& bodies)
    {
        bodies.add<Nothing>(empty_type);
        bodies.add<Poll>(struct_type);
        bodies.add(bare_type, [](Reader& io) { static_cast<void>(io.raw(5)); });
    }
};

} // namespace

TEST_CASE("a custom proposal has the body that its application says: none, a select, five bare bytes")
{
    for (const auto handshake : {HandshakeFormat::public_message, HandshakeFormat::private_message}) {
        Parliament p(71, handshake);
        World& world = p.world;
        // By reference, and through the store while they wait.
        for (const CustomProposal& one : p.all)
            world.deliver(must(world.group(1).propose(world.env(), Proposal{one})), 1);
        CHECK(world.group(0).proposals().size() == p.all.size());
        for (auto& member : world.members) {
            const auto epoch = member->group->serialize_epoch(), ratchets = member->group->serialize_ratchets();
            member->group = must(Group::deserialize(epoch, ratchets));
            CHECK(member->group->serialize_epoch() == epoch);
        }
        auto out = must(world.group(2).commit(world.env(), {}));
        for (const std::size_t i : {0u, 1u, 3u}) {
            const auto seen = must(world.group(i).process(world.env(), out.commit));
            REQUIRE(seen.commit.has_value());
            CHECK(seen.commit->custom == p.all);
            CHECK(must(decode<Poll>(seen.commit->custom[2].body)).options.size() == 3);
        }
        world.group(2) = std::move(out.next);
        world.agree();
        // By value.
        CommitOptions options;
        for (const CustomProposal& one : p.all)
            options.proposals.push_back(Proposal{one});
        auto again = must(world.group(3).commit(world.env(), options));
        const auto seen = must(world.group(0).process(world.env(), again.commit));
        CHECK(seen.commit->custom == p.all);
    }
}

TEST_CASE("who was not told of a type refuses the message that has it, and is none the worse")
{
    Parliament p(72, HandshakeFormat::private_message);
    World& world = p.world;
    CommitOptions options;
    options.proposals = {Proposal{p.all[1]}};
    auto out = must(world.group(0).commit(world.env(), options));
    Environment ignorant = world.env();
    for (const ProposalBodies& bodies : {ProposalBodies(), [] {
                                             ProposalBodies other;
                                             other.add<Nothing>(struct_type); // Told something else.
                                             return other;
                                         }()}) {
        ignorant.proposal_bodies = &bodies;
        const WipedBytes epoch = world.group(1).serialize_epoch(), ratchets = world.group(1).serialize_ratchets();
        CHECK_FALSE(world.group(1).process(ignorant, out.commit).ok());
        CHECK(world.group(1).serialize_epoch() == epoch);
        CHECK(world.group(1).serialize_ratchets() == ratchets);
    }
    ignorant.proposal_bodies = nullptr;
    CHECK_FALSE(world.group(1).process(ignorant, out.commit).ok());
    CHECK(world.group(1).process(world.env(), out.commit).ok());
    // A body that ends early, or is none of its struct, is not read beyond its end.
    const auto error_of = [&](Bytes body) {
        Writer io;
        io(struct_type);
        io.raw(body);
        return decode<Proposal>(io.view(), &world.bodies).error();
    };
    CHECK(error_of({1, 0, 0, 0, 7}) == MlsError::none);
    CHECK(error_of({1, 0, 0, 0}) == MlsError::truncated);
    CHECK(error_of({1, 0, 0, 0, 7, 7}) == MlsError::trailing_bytes);
    CHECK(error_of({3}) == MlsError::invalid_enum);
    CHECK(error_of({2, 3, 1, 9}) == MlsError::truncated);
    // Types that nobody registered are one opaque<V>.
    const auto plain = CustomProposal::opaque(custom_proposal, Bytes{4, 5});
    CHECK(plain.body == Bytes{2, 4, 5});
    CHECK(plain.opaque_data() == Bytes{4, 5});
    CHECK_FALSE(CustomProposal{custom_proposal, {2, 4}}.opaque_data().has_value());
    CHECK(must(decode<Proposal>(encode(Proposal{plain}), &world.bodies)) == Proposal{plain});
    CHECK(must(decode<Proposal>(encode(Proposal{plain}))) == Proposal{plain});
}

TEST_CASE("authenticated_data goes with every proposal, commit and message, and is what was signed")
{
    for (const auto handshake : {HandshakeFormat::public_message, HandshakeFormat::private_message}) {
        World world(73);
        const auto service_key = generate_signature_key_pair(world.entropy);
        const ExternalSenders senders{{{service_key.public_key, Credential::basic(as_bytes("directory"))}}};
        world.found("alice", {make_extension(ExtensionType::external_senders, senders)}, handshake);
        world.add(0, {"bob", "carol"});
        const auto data = as_bytes("application's own");
        const Member dave = world.newcomer("dave");
        Group& bob = world.group(1);
        std::vector<Bytes> messages;
        messages.push_back(must(bob.encrypt(world.env(), as_bytes("text"), data)));
        messages.push_back(must(bob.propose(world.env(), Proposal{PreSharedKey{world.external_psk({1})}}, data)));
        messages.push_back(must(bob.propose_update(world.env(), {}, {}, data)));
        messages.push_back(must(external_proposal(bob.group_id(), bob.epoch(), Proposal{Remove{2}},
                                                  Sender{SenderType::external, 0}, service_key, data)));
        messages.push_back(
            must(external_proposal(bob.group_id(), bob.epoch(), Proposal{Add{world.package(dave).key_package}},
                                   Sender{SenderType::new_member_proposal, 0}, dave.signer, data)));
        CommitOptions options;
        options.include_cached = false;
        options.authenticated_data = to_bytes(data);
        messages.push_back(must(bob.commit(world.env(), options)).commit);
        ExternalJoinOptions join;
        join.leaf = dave.leaf;
        join.signer = dave.signer;
        join.authenticated_data = to_bytes(data);
        messages.push_back(
            must(Group::join_external(world.env(), world.group(2).group_info(world.env(), true, true), join)).commit);
        for (const Bytes& message : messages) {
            Group alice = world.group(0);
            Bytes other = message;
            const auto at = std::search(other.begin(), other.end(), data.begin(), data.end());
            REQUIRE(at != other.end());
            *at ^= 1;
            CHECK_FALSE(alice.process(world.env(), other).ok());
            const auto seen = must(alice.process(world.env(), message));
            CHECK(as_text(seen.authenticated_data) == as_text(data));
        }
    }
}
