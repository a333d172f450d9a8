// SPDX-License-Identifier: Apache-2.0
// Figures of lib/mls: encrypt, decrypt, add, process, update, join and state size, by group size.
//
//   tests/lib/mls/mls_bench [suite] [members...]     e.g. mls_bench 1 2 100 1000
//
// The group is made by one commit that adds everybody, so the tree is blank above the leaves when the first update
// comes: the worst case, where a path secret goes to every member by itself. Medians, in milliseconds.
#include "lib/mls/group.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
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
        std::fprintf(stderr, "mls_bench: %s\n", std::string(mls_error_name(result.error())).c_str());
        std::exit(1);
    }
    return std::move(*result);
}

double median_ms(int rounds, const std::function<void()>& work)
{
    std::vector<double> all;
    for (int i = 0; i < rounds; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        all.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

void run(CipherSuite suite, std::size_t members)
{
    BenchEntropy entropy;
    const Everybody service;
    const Environment env{entropy, service, 1'000'000};
    const Lifetime lifetime{0, 100'000};
    const auto package = [&](std::size_t i) {
        return must(create_key_package(suite, generate_signature_key_pair(entropy),
                                       LeafNodeOptions::basic(as_bytes("member " + std::to_string(i))), lifetime,
                                       entropy));
    };
    Group alice = must(Group::create(env, suite, as_bytes("bench"), LeafNodeOptions::basic(as_bytes("alice")),
                                     generate_signature_key_pair(entropy), lifetime));
    CommitOptions everybody;
    std::vector<KeyPackageBundle> bundles;
    for (std::size_t i = 1; i < members; ++i) {
        bundles.push_back(package(i));
        everybody.proposals.push_back(Proposal{Add{bundles.back().key_package}});
    }
    everybody.force_path = false;
    auto out = must(alice.commit(env, everybody));
    alice = std::move(out.next);
    auto message = must(decode<MLSMessage>(*out.welcome));
    const Welcome& welcome = *message.as<Welcome>();
    const int rounds = members > 2000 ? 3 : members > 200 ? 7 : 31;

    std::optional<Group> bob;
    const double join = median_ms(rounds, [&] { bob = must(Group::join(env, welcome, bundles.back())); });

    const Bytes text(100, 'x');
    std::vector<Bytes> sent;
    const double encrypt = median_ms(201, [&] { sent.push_back(must(alice.encrypt(env, text))); });
    std::size_t next = 0;
    const double decrypt = median_ms(201, [&] { must(bob->process(env, sent[next++])); });

    const KeyPackageBundle fresh = package(members);
    CommitOptions add;
    add.proposals = {Proposal{Add{fresh.key_package}}};
    add.force_path = false;
    std::optional<CommitOutput> added;
    const double add_one = median_ms(rounds, [&] { added = must(alice.commit(env, add)); });
    const double process_add = median_ms(rounds, [&] {
        Group copy = *bob;
        must(copy.process(env, added->commit));
    });
    std::optional<CommitOutput> updated;
    const double update = median_ms(rounds, [&] { updated = must(alice.commit(env, {})); });
    const double process_update = median_ms(rounds, [&] {
        Group copy = *bob;
        must(copy.process(env, updated->commit));
    });
    // With the path of the first update in place, a second one is short on one side only.
    WipedBytes epoch, ratchets;
    const double serialize = median_ms(rounds, [&] {
        epoch = bob->serialize_epoch();
        ratchets = bob->serialize_ratchets();
    });
    const double serialize_ratchets = median_ms(rounds, [&] { ratchets = bob->serialize_ratchets(); });
    const double deserialize = median_ms(rounds, [&] { must(Group::deserialize(epoch, ratchets)); });
    const double copy = median_ms(rounds, [&] { Group other = *bob; });
    std::printf(
        "%6zu  encrypt %.3f  decrypt %.3f  add %.2f  process-add %.2f  update %.2f (%zu B)  process-update %.2f  "
        "join %.2f  store %.2f  store-ratchets %.3f  load %.2f  copy %.3f  state %zu + %zu B  welcome %zu B\n",
        members, encrypt, decrypt, add_one, process_add, update, updated->commit.size(), process_update, join,
        serialize, serialize_ratchets, deserialize, copy, epoch.size(), ratchets.size(), out.welcome->size());
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv)
{
    const int suite = argc > 1 ? std::atoi(argv[1]) : 1;
    if (!is_supported(static_cast<CipherSuite>(suite))) return 2;
    std::printf("suite %d, 100-byte messages, medians in ms\n", suite);
    if (argc <= 2)
        for (const std::size_t members : {2u, 100u, 1000u})
            run(static_cast<CipherSuite>(suite), members);
    for (int i = 2; i < argc; ++i)
        run(static_cast<CipherSuite>(suite), static_cast<std::size_t>(std::max(2, std::atoi(argv[i]))));
    return 0;
}
