// SPDX-License-Identifier: Apache-2.0
// Members, a delivery service and a bad network: the input says who does what. The service takes one commit an epoch;
// the network reorders, doubles, drops and corrupts; members restart from their stored state.
//
// Holds after every step: an error has changed nothing; members of one epoch agree on its authenticator; what is heard
// is what was said, once.
#include "tests/fuzz/targets/mls_cast.hpp"

#include <deque>

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::testing;

namespace {

constexpr std::size_t steps_max = 60;
constexpr std::size_t members_max = 6;
constexpr std::size_t waiting_max = 24;

struct Letter {
    Bytes bytes;
    std::string text; ///< What it says; empty: a handshake.
    std::size_t heard = 0;
};
using LetterPtr = std::shared_ptr<Letter>;

struct Party {
    Member who;
    mls::Group group;
    std::deque<LetterPtr> waiting;
    std::set<const Letter*> heard;
};

class Gathering {
public:
    Gathering(Choices& choices, std::size_t members) : choices_(choices)
    {
        // Those not needed are removed first: two parties are what a 1:1 conversation is.
        for (std::size_t i = 0; i < members; ++i)
            add(*cast().world.members[i], cast().group(i));
        epoch_ = parties_[0]->group.epoch();
        if (members == 4) return;
        mls::CommitOptions options;
        for (mls::LeafIndex leaf = static_cast<mls::LeafIndex>(members); leaf < 4; ++leaf)
            options.proposals.push_back(mls::Proposal{mls::Remove{leaf}});
        auto out = must(parties_[0]->group.commit(stage_.env, options));
        for (std::size_t i = 1; i < members; ++i)
            must(process_checked(parties_[i]->group, stage_.env, out.commit));
        parties_[0]->group = std::move(out.next);
        epoch_ = parties_[0]->group.epoch();
    }

    void step()
    {
        if (parties_.empty()) return;
        auto& party = *parties_[choices_.dice(parties_.size())];
        switch (choices_.dice(12)) {
        case 0:
        case 1: say(party); break;
        case 2: propose(party); break;
        case 3: commit(party); break;
        case 4: restart(party); break;
        case 5: join_outside(party); break;
        case 6:
            party.group.set_options(
                {choices_.flag() ? mls::HandshakeFormat::private_message : mls::HandshakeFormat::public_message,
                 static_cast<std::uint32_t>(choices_.dice(3) * 32)});
            break;
        default: hear(party);
        }
        check();
    }

private:
    void add(const Member& who, mls::Group group)
    {
        auto party = std::make_unique<Party>(Party{{who.name, who.signer, who.leaf, {}}, std::move(group), {}, {}});
        parties_.push_back(std::move(party));
    }
    void post(const Party* from, Bytes bytes, std::string text)
    {
        const auto letter = std::make_shared<Letter>(Letter{std::move(bytes), std::move(text), 0});
        for (auto& party : parties_)
            if (party.get() != from && party->waiting.size() < waiting_max) party->waiting.push_back(letter);
    }
    void say(Party& party)
    {
        const State before(party.group);
        std::string text = party.who.name + std::to_string(++said_);
        auto bytes = party.group.encrypt(stage_.env, as_bytes(text), choices_.bytes(8));
        if (bytes.ok())
            post(&party, std::move(*bytes), std::move(text));
        else
            FUZZ_CHECK(State(party.group) == before);
    }
    mls::Proposal some_proposal()
    {
        switch (choices_.dice(5)) {
        case 0: return {mls::Remove{static_cast<mls::LeafIndex>(choices_.dice(8))}};
        case 1: return {mls::PreSharedKey{cast().world.external_psk({1})}};
        case 2: return {mls::CustomProposal::opaque(custom_proposal, choices_.bytes(8))};
        case 3: {
            auto extensions = parties_.front()->group.context().extensions;
            extensions.back().extension_data = to_bytes(choices_.bytes(4));
            return {mls::GroupContextExtensions{extensions}};
        }
        default: {
            const auto& group = parties_.front()->group;
            return {mls::PreSharedKey{cast().world.resumption_psk(
                group, group.epoch() - std::min<std::uint64_t>(choices_.dice(4), group.epoch()))}};
        }
        }
    }
    void propose(Party& party)
    {
        const State before(party.group);
        auto bytes =
            choices_.flag() ? party.group.propose_update(stage_.env) : party.group.propose(stage_.env, some_proposal());
        if (bytes.ok())
            post(&party, std::move(*bytes), {});
        else
            FUZZ_CHECK(State(party.group) == before);
    }
    /// The service takes the first commit of an epoch; who comes late throws the own one away.
    void commit(Party& party)
    {
        mls::CommitOptions options;
        for (std::size_t n = choices_.dice(3); n > 0; --n)
            options.proposals.push_back(some_proposal());
        options.include_cached = choices_.dice(4) != 0;
        options.force_path = choices_.flag();
        options.tree_in_welcome = choices_.flag();
        std::vector<Member> fresh;
        std::vector<mls::KeyPackageBundle> bundles;
        if (choices_.dice(3) == 0 && parties_.size() < members_max) {
            fresh.push_back(cast().world.newcomer("n" + std::to_string(++said_)));
            bundles.push_back(must(
                mls::create_key_package(cast().suite, fresh[0].signer, fresh[0].leaf, world_lifetime, stage_.entropy)));
            options.proposals.push_back(mls::Proposal{mls::Add{bundles[0].key_package}});
        }
        const State before(party.group);
        auto out = party.group.commit(stage_.env, options);
        // With private handshakes a generation is spent; the epoch stays.
        FUZZ_CHECK(party.group.serialize_epoch() == before.epoch);
        if (!out.ok()) {
            FUZZ_CHECK(State(party.group) == before);
            return;
        }
        if (party.group.epoch() != epoch_) return;
        accept(&party, std::move(out->commit), std::move(out->next));
        if (bundles.empty()) return;
        FUZZ_CHECK(out->welcome.has_value());
        const auto message = must_decode<mls::MLSMessage>(*out->welcome);
        std::optional<mls::RatchetTree> tree;
        if (!options.tree_in_welcome) tree = party.group.tree();
        auto joined = mls::Group::join(stage_.env, *message.as<mls::Welcome>(), bundles[0], tree);
        // The one thing an honest Welcome may want that the newcomer has not: a resumption PSK.
        if (!joined.ok()) {
            FUZZ_CHECK(joined.error() == mls::MlsError::psk_not_found);
            return;
        }
        add(fresh[0], std::move(*joined));
    }
    void accept(Party* party, Bytes commit, mls::Group next)
    {
        post(party, std::move(commit), {});
        ++epoch_;
        if (party != nullptr) party->group = std::move(next);
    }
    void join_outside(const Party& source)
    {
        if (parties_.size() >= members_max || source.group.epoch() != epoch_ || !source.group.is_active()) return;
        const auto fresh = cast().world.newcomer("x" + std::to_string(++said_));
        mls::ExternalJoinOptions join;
        join.leaf = fresh.leaf;
        join.signer = fresh.signer;
        auto made = mls::Group::join_external(stage_.env, source.group.group_info(stage_.env, true, true), join);
        FUZZ_CHECK(made.ok());
        accept(nullptr, std::move(made->commit), source.group);
        add(fresh, std::move(made->group));
    }
    void restart(Party& party)
    {
        const State state(party.group);
        auto again = mls::Group::deserialize(state.epoch, state.ratchets);
        FUZZ_CHECK(again.ok() && State(*again) == state);
        party.group = std::move(*again);
    }
    void hear(Party& party)
    {
        if (party.waiting.empty()) return;
        // Mostly in order: else few commits would ever be followed.
        const auto at = choices_.dice(4) == 0 ? choices_.dice(party.waiting.size()) : 0;
        const auto letter = party.waiting[at];
        const auto fate = choices_.dice(8);
        if (fate == 1) { // Damaged on the way; the whole one may still come.
            const auto damaged = mutated(letter->bytes, choices_);
            if (damaged == letter->bytes) return;
            const auto got = process_checked(party.group, stage_.env, damaged);
            FUZZ_CHECK(!got.ok());
            return;
        }
        if (fate != 2) party.waiting.erase(party.waiting.begin() + static_cast<std::ptrdiff_t>(at)); // 2: comes twice
        if (fate == 3) return;                                                                       // Lost.
        const auto got = process_checked(party.group, stage_.env, letter->bytes);
        if (!got.ok()) return;
        if (!letter->text.empty()) {
            FUZZ_CHECK(as_text(got->application_data) == letter->text);
            FUZZ_CHECK(party.heard.insert(letter.get()).second);
            keep_.push_back(letter);
        }
        if (party.group.has_left()) std::erase_if(parties_, [&](const auto& one) { return one.get() == &party; });
    }
    void check()
    {
        for (const auto& a : parties_)
            for (const auto& b : parties_)
                if (a->group.epoch() == b->group.epoch()) {
                    FUZZ_CHECK(std::ranges::equal(a->group.epoch_authenticator(), b->group.epoch_authenticator()));
                    FUZZ_CHECK(a->group.context() == b->group.context());
                }
    }

    Choices& choices_;
    Stage stage_;
    std::vector<std::unique_ptr<Party>> parties_;
    std::vector<LetterPtr> keep_; ///< Addresses in Party::heard stay taken.
    std::uint64_t epoch_ = 0;     ///< Of the delivery service.
    int said_ = 0;
};

void play(BytesView input, std::size_t members)
{
    Choices choices(input);
    Gathering gathering(choices, members);
    for (std::size_t step = 0; step < steps_max && !choices.empty(); ++step)
        gathering.step();
}

/// Stories by dice: the shape of one is nothing that an encoder could make.
std::vector<Bytes> stories()
{
    std::vector<Bytes> out;
    SeededEntropy dice(3);
    for (int i = 0; i < 6; ++i) {
        Bytes story(static_cast<std::size_t>(40 + 40 * i));
        dice.fill(story);
        out.push_back(std::move(story));
    }
    return out;
}

} // namespace

FUZZ_TARGET(mls_two_party, "", 512, stories)
{
    play(input, 2);
}

FUZZ_TARGET(mls_four_party, "", 512, stories)
{
    play(input, 4);
}
