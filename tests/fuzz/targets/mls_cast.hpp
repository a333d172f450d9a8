// SPDX-License-Identifier: Apache-2.0
// Four members of one group, made once: a run takes copies (Group is a value).
#pragma once

#include "tests/fuzz/target.hpp"
#include "tests/lib/mls/forge.hpp"

namespace godwit::fuzz {

struct Cast {
    Cast() : world(7, suite)
    {
        using namespace mls;
        directory = generate_signature_key_pair(world.entropy);
        const ExternalSenders senders{{{directory.public_key, Credential::basic(as_bytes("directory"))}}};
        world.found("alice",
                    {make_extension(ExtensionType::external_senders, senders), {testing::custom_extension, Bytes{1}}});
        world.add(0, {"bob", "carol", "dave"});
        for (std::size_t i = 0; i < 4; ++i)
            world.commit(i);
        world.psks.psks[Bytes{1}] = Bytes(32, 1);
    }
    [[nodiscard]] mls::Group group(std::size_t i) { return world.group(i); }

    mls::CipherSuite suite = testing::suite_1;
    testing::World world;
    mls::SignatureKeyPair directory;
};

/// Made at the first call.
[[nodiscard]] inline Cast& cast()
{
    static Cast* const made = new Cast; // Never destroyed: other statics may still need it.
    return *made;
}

/// What a run borrows for its calls: its own randomness, the same every time. What is made once takes another seed, or
/// keys would come twice.
struct Stage {
    explicit Stage(std::uint64_t seed = 11) : entropy(seed)
    {
        env.psks = &cast().world.psks;
        cast().world.entropy = testing::SeededEntropy(seed + 1000); // Newcomers are the same every time, too.
    }
    testing::SeededEntropy entropy;
    mls::Environment env{entropy, cast().world.service, testing::world_now_ms};
};

struct State {
    mls::WipedBytes epoch;
    mls::WipedBytes ratchets;
    explicit State(const mls::Group& group) : epoch(group.serialize_epoch()), ratchets(group.serialize_ratchets()) {}
    friend bool operator==(const State&, const State&) = default;
};

/// Processes, and holds the group to its word: whatever returns an error has left it as it was, byte by byte.
inline mls::MlsResult<mls::Processed> process_checked(mls::Group& group, const mls::Environment& env, BytesView message)
{
    const State before(group);
    auto out = group.process(env, message);
    if (!out.ok()) FUZZ_CHECK(State(group) == before);
    return out;
}

/// The group still works: it can commit, the commit can be followed, and what is said then is heard.
inline void check_alive(mls::Group& group, mls::Group* follower, const mls::Environment& env)
{
    mls::CommitOptions options;
    auto out = group.commit(env, options);
    if (!group.is_active()) return;
    FUZZ_CHECK(out.ok());
    if (follower != nullptr) {
        const auto followed = process_checked(*follower, env, out->commit);
        FUZZ_CHECK(followed.ok());
    }
    group = std::move(out->next);
    if (follower != nullptr && follower->is_active() && group.is_active()) {
        FUZZ_CHECK(std::ranges::equal(group.epoch_authenticator(), follower->epoch_authenticator()));
        const auto said = group.encrypt(env, as_bytes("still here"));
        FUZZ_CHECK(said.ok());
        const auto heard = process_checked(*follower, env, *said);
        FUZZ_CHECK(heard.ok() && as_text(heard->application_data) == "still here");
    }
}

} // namespace godwit::fuzz
