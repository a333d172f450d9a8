// SPDX-License-Identifier: Apache-2.0
// bench/mls: what lib/mls costs by group size, beside the floors of the same run.
//
//   mls [--suite 1|2|3] [--rounds N] [--large] [--heap] [MEMBERS…]     default: 2 100 1000; --large: 10000 too, once
//   mls --conversations N                                          the locked memory of N conversations of two devices
//
// Secrets lie in the arena, as in a client; --heap: in ordinary memory, to see what the arena costs.
//
// The group is made by one commit that adds everybody and has no path, so the tree is blank above the leaves when the
// first update comes: the worst case, where a path secret goes to every member by itself.
//
// Times are CPU time of this process, which does nothing but compute: on a machine that others use too it is what wall
// time would be on an idle one. Smallest and median of N rounds, and the median as a multiple of its floor: the bare
// verbs of lib/crypto without which RFC 9420 does not allow the operation (signatures, AEADs, HPKE).
#include "bench/figures.hpp"
#include "lib/crypto/secret_pages.hpp"
#include "lib/mls/group.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace godwit;
using namespace godwit::mls;

namespace {

class BenchEntropy : public port::Entropy {
public:
    void fill(std::span<std::uint8_t> out) override
    {
        for (auto& octet : out)
            octet = static_cast<std::uint8_t>(engine_() & 0xff);
    }

private:
    std::mt19937_64 engine_{1};
};

class Everybody : public AuthenticationService {
public:
    bool is_valid(const Credential&, BytesView) const override { return true; }
};

template <class T>
T must(MlsResult<T> result)
{
    if (!result) {
        std::fprintf(stderr, "bench/mls: %s\n", std::string(mls_error_name(result.error())).c_str());
        std::exit(1);
    }
    return std::move(*result);
}

double cpu_ms()
{
    std::timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Times {
    double least = 0;
    double median = 0;
};

Times measure(int rounds, const std::function<void()>& work)
{
    std::vector<double> all;
    for (int i = 0; i < rounds; ++i) {
        const double start = cpu_ms();
        work();
        all.push_back(cpu_ms() - start);
    }
    std::sort(all.begin(), all.end());
    return {all.front(), all[all.size() / 2]};
}

/// basic() lists what godwit uses; 0x0002 is for those who list it.
LeafNodeOptions leaf_of(CipherSuite suite, BytesView identity)
{
    auto out = LeafNodeOptions::basic(identity);
    auto& suites = out.capabilities.cipher_suites;
    if (std::find(suites.begin(), suites.end(), suite) == suites.end()) suites.push_back(suite);
    return out;
}

/// Milliseconds of one bare verb each.
struct Floor {
    double sign, verify, seal, open, hpke_seal, hpke_open, derive;
};

Floor floors(CipherSuite suite)
{
    BenchEntropy entropy;
    const auto aead = aead_of(suite);
    const auto hpke = hpke_of(suite);
    const bool ed25519 = signature_scheme_of(suite) == SignatureScheme::ed25519;
    const SignatureKeyPair signer = generate_signature_key_pair(suite, entropy);
    const HpkeKeyPair pair = generate_hpke_key_pair(suite, entropy);
    const Bytes text(400, 'x'), secret(kdf_nh, 1), info(200, 'i');
    const WipedBytes key = random_secret(entropy, aead_nk(suite)), nonce = random_secret(entropy, aead_nn);
    const WipedBytes ikm = random_secret(entropy);
    const auto sign = [&] {
        return ed25519 ? crypto::ed25519_sign(signer.private_key, text) : crypto::p256_sign(signer.private_key, text);
    };
    const Bytes signature = sign();
    const auto verify = [&] {
        return ed25519 ? crypto::ed25519_verify(signer.public_key, text, signature)
                       : crypto::p256_verify(signer.public_key, text, signature);
    };
    const Bytes sealed = crypto::aead_suite_seal(aead, key, nonce, info, text);
    const crypto::HpkeInfo context(hpke, info);
    auto sender = crypto::hpke_setup_sender(hpke, pair.public_key, info, ikm);
    const Bytes hpke_sealed = *sender->context.seal({}, secret);
    const auto typical = [](const std::function<void()>& work) { return measure(301, work).median; };
    return {typical([&] { (void)sign(); }),
            typical([&] { (void)verify(); }),
            typical([&] { (void)crypto::aead_suite_seal(aead, key, nonce, info, text); }),
            typical([&] { (void)crypto::aead_suite_open(aead, key, nonce, info, sealed); }),
            typical([&] {
                auto one =
                    crypto::hpke_setup_sender(context, pair.public_key, *HpkeKeyPair::from_private(ikm, hpke.kem));
                (void)one->context.seal({}, secret);
            }),
            typical([&] {
                auto one = crypto::hpke_setup_receiver(hpke, sender->enc, pair, info);
                (void)one->open({}, hpke_sealed);
            }),
            typical([&] { (void)HpkeKeyPair::derive(ikm, hpke.kem); })};
}

std::size_t members_now = 0;

void row(const char* what, Times times, double floor = 0)
{
    const auto name = "mls/" + std::to_string(members_now) + "/" + what;
    bench::figure(name, times.median);
    if (floor > 0) bench::figure(name + "/floor", floor);
    if (floor > 0)
        std::printf("  %-34s %10.3f %10.3f %10.3f %8.1f x\n", what, times.least, times.median, floor,
                    times.median / floor);
    else
        std::printf("  %-34s %10.3f %10.3f\n", what, times.least, times.median);
}

/// What a message writes when everybody has spoken: all ratchets of an epoch, or the part that moved.
void store_ratchets(CipherSuite suite, std::size_t members, int rounds)
{
    const auto leaves = static_cast<std::uint32_t>(std::bit_ceil(members));
    SecretTree tree(suite, WipedBytes(kdf_nh, 1), leaves);
    for (LeafIndex leaf = 0; leaf < members; ++leaf)
        tree.consume(must(tree.peek(leaf, RatchetType::application, 0)));
    (void)tree.take_moved();
    std::uint32_t generation = 0;
    std::size_t all_bytes = 0, part_bytes = 0;
    const auto all = measure(rounds, [&] {
        Writer io;
        io(tree);
        all_bytes = io.view().size();
    });
    const auto moved = measure(rounds, [&] {
        tree.consume(must(tree.peek(static_cast<LeafIndex>(members / 2), RatchetType::application, ++generation)));
        part_bytes = 0;
        for (const PartIndex part : tree.take_moved()) {
            Writer io;
            tree.write_part(io, part);
            part_bytes += io.view().size();
        }
    });
    row("store a whole epoch's ratchets", all);
    row("move one, store its part", moved);
    std::printf("  bytes when all have spoken: one epoch %zu, six %zu, the part that a message moves %zu\n", all_bytes,
                (past_epochs_max + 1) * all_bytes, part_bytes);
}

void run(CipherSuite suite, std::size_t members, int rounds, const Floor& floor)
{
    members_now = members;
    BenchEntropy entropy;
    const Everybody service;
    const Environment env{entropy, service, 1'000'000};
    const Lifetime lifetime{0, 100'000};
    const auto package = [&](std::size_t i) {
        return must(create_key_package(suite, generate_signature_key_pair(suite, entropy),
                                       leaf_of(suite, as_bytes("member " + std::to_string(i))), lifetime, entropy));
    };
    Group alice = must(Group::create(env, suite, as_bytes("bench"), leaf_of(suite, as_bytes("alice")),
                                     generate_signature_key_pair(suite, entropy), lifetime));
    CommitOptions everybody;
    std::optional<KeyPackageBundle> last;
    for (std::size_t i = 1; i < members; ++i) {
        last = package(i);
        everybody.proposals.push_back(Proposal{Add{last->key_package}});
    }
    everybody.force_path = false;
    const double start = cpu_ms();
    auto out = must(alice.commit(env, everybody));
    const double founding = cpu_ms() - start;
    alice = std::move(out.next);
    auto message = must(decode<MLSMessage>(*out.welcome));
    const Welcome& welcome = *message.as<Welcome>();
    const double n = static_cast<double>(members);
    const double depth = std::ceil(std::log2(n));

    std::printf("%zu members%33s %10s %10s %10s\n", members, "", "least ms", "median ms", "floor ms");
    row("add everybody, one commit", {founding, founding}, (n - 1) * (floor.hpke_seal + 2 * floor.verify));
    const Bytes text(100, 'x');
    std::optional<Group> bob;
    const Times join = measure(rounds, [&] { bob = must(Group::join(env, welcome, *last)); });
    std::vector<Bytes> sent;
    const Times encrypt = measure(501, [&] { sent.push_back(must(alice.encrypt(env, text))); });
    std::size_t next = 0;
    const Times decrypt = measure(501, [&] { must(bob->process(env, sent[next++])); });
    row("encrypt 100 bytes", encrypt, floor.sign + 2 * floor.seal);
    row("decrypt 100 bytes", decrypt, floor.verify + 2 * floor.open);

    const KeyPackageBundle fresh = package(members);
    CommitOptions add;
    add.proposals = {Proposal{Add{fresh.key_package}}};
    add.force_path = false;
    std::optional<CommitOutput> added, updated;
    row("add one", measure(rounds, [&] { added = must(alice.commit(env, add)); }),
        2 * floor.sign + 2 * floor.verify + floor.hpke_seal);
    row("process that",
        measure(rounds,
                [&] {
                    Group copy = *bob;
                    must(copy.process(env, added->commit));
                }),
        3 * floor.verify);
    row("update, blank tree", measure(rounds, [&] { updated = must(alice.commit(env, {})); }),
        2 * floor.sign + (n - 1) * floor.hpke_seal + depth * floor.derive);
    row("process that",
        measure(rounds,
                [&] {
                    Group copy = *bob;
                    must(copy.process(env, updated->commit));
                }),
        2 * floor.verify + floor.hpke_open + floor.derive);
    row("join by Welcome with the tree", join, (n + 1) * floor.verify + floor.hpke_open);
    WipedBytes epoch, ratchets;
    row("store the epoch", measure(rounds, [&] { epoch = bob->serialize_epoch(); }));
    row("store the ratchets", measure(rounds, [&] { ratchets = bob->serialize_ratchets(); }));
    row("load both", measure(rounds, [&] { must(Group::deserialize(epoch, ratchets)); }));
    store_ratchets(suite, members, rounds);
    std::printf("  bytes: epoch %zu, ratchets %zu, Welcome %zu, update %zu, message %zu\n\n", epoch.size(),
                ratchets.size(), out.welcome->size(), updated->commit.size(), sent.front().size());
    std::fflush(stdout);
}

/// One device's groups, all in memory: each has gone through its epochs, and both sides have spoken in all of them.
int conversations(CipherSuite suite, std::size_t count)
{
    BenchEntropy entropy;
    const Everybody service;
    const Environment env{entropy, service, 1'000'000};
    const Lifetime lifetime{0, 100'000};
    const auto signer = generate_signature_key_pair(suite, entropy);
    std::vector<Group> mine;
    const auto before = secret_arena()->usage();
    for (std::size_t i = 0; i < count; ++i) {
        const auto peer = must(create_key_package(suite, generate_signature_key_pair(suite, entropy),
                                                  leaf_of(suite, as_bytes("peer")), lifetime, entropy));
        Group own = must(Group::create(env, suite, as_bytes("conversation " + std::to_string(i)),
                                       leaf_of(suite, as_bytes("own")), signer, lifetime));
        CommitOptions add;
        add.proposals = {Proposal{Add{peer.key_package}}};
        auto made = must(own.commit(env, add));
        own = std::move(made.next);
        const auto message = must(decode<MLSMessage>(*made.welcome));
        Group theirs = must(Group::join(env, *message.as<Welcome>(), peer));
        for (std::size_t epoch = 0; epoch <= past_epochs_max; ++epoch) {
            if (epoch > 0) {
                auto update = must(own.commit(env, {}));
                must(theirs.process(env, update.commit));
                own = std::move(update.next);
            }
            must(theirs.process(env, must(own.encrypt(env, as_bytes("hello")))));
            must(own.process(env, must(theirs.encrypt(env, as_bytes("hello")))));
        }
        mine.push_back(std::move(own));
    }
    const auto now = secret_arena()->usage();
    std::printf(
        "%zu conversations of two devices, %zu epochs each: secrets %zu bytes (%zu each), %zu chunks of %zu KiB, "
        "%zu of them locked\n",
        count, past_epochs_max + 1, now.used_bytes - before.used_bytes, (now.used_bytes - before.used_bytes) / count,
        now.chunks, SecretArena::chunk_bytes / 1024, now.chunks_locked);
    return 0;
}

int usage()
{
    std::fprintf(stderr,
                 "usage: mls [--suite 1|2|3] [--rounds N] [--large] [--heap] [--conversations N] [MEMBERS...]\n");
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    auto suite = CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519;
    int rounds = 21;
    bool large = false, heap = false;
    std::size_t pairs = 0;
    std::vector<std::size_t> sizes;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--large")
            large = true;
        else if (word == "--heap")
            heap = true;
        else if (word == "--conversations" && i + 1 < argc)
            pairs = static_cast<std::size_t>(std::max(1, std::atoi(argv[++i])));
        else if (word == "--suite" && i + 1 < argc)
            suite = static_cast<CipherSuite>(std::atoi(argv[++i]));
        else if (word == "--rounds" && i + 1 < argc)
            rounds = std::max(1, std::atoi(argv[++i]));
        else if (const int members = std::atoi(argv[i]); members >= 2 && members <= 32768)
            sizes.push_back(static_cast<std::size_t>(members));
        else
            return usage();
    }
    if (!is_supported(suite) || (heap && pairs != 0)) return usage();
    if (!heap) crypto::lock_secrets();
    if (pairs != 0) return conversations(suite, pairs);
    if (sizes.empty()) sizes = {2, 100, 1000};
    const Floor floor = floors(suite);
    std::printf(
        "suite %d, CPU time. Floors in us: sign %.1f, verify %.1f, AEAD %.1f and %.1f, HPKE seal %.1f, open %.1f, "
        "DeriveKeyPair %.1f\n\n",
        static_cast<int>(suite), floor.sign * 1e3, floor.verify * 1e3, floor.seal * 1e3, floor.open * 1e3,
        floor.hpke_seal * 1e3, floor.hpke_open * 1e3, floor.derive * 1e3);
    for (const std::size_t members : sizes)
        run(suite, members, rounds, floor);
    if (large) run(suite, 10000, 1, floor);
    return 0;
}
