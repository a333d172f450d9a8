// SPDX-License-Identifier: Apache-2.0
// Media frames of a stranger, and of a member with damage on the way.
#include "tests/fuzz/target.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/sframe/mls_keys.hpp"

#include <set>

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::sframe;

namespace {

constexpr CipherSuite suites[] = {
    CipherSuite::aes_128_ctr_hmac_sha256_80, CipherSuite::aes_128_ctr_hmac_sha256_32,
    CipherSuite::aes_128_gcm_sha256_128,     CipherSuite::aes_256_gcm_sha512_128,
    CipherSuite::aes_256_ctr_hmac_sha512_80,
};

std::vector<Bytes> headers()
{
    std::vector<Bytes> out;
    for (const std::uint64_t kid : {0ULL, 7ULL, 8ULL, 0x1234ULL, ~0ULL})
        for (const std::uint64_t ctr : {0ULL, 7ULL, 255ULL, 0x10000ULL, ~0ULL})
            out.push_back(encode_header({kid, ctr}));
    return out;
}

std::vector<Bytes> calls()
{
    // Suite, then one step after the other: see the target.
    return {{2, 0, 0, 3, 0, 0, 0, 1, 2}, {0, 1, 5, 9, 1, 0, 0, 2, 0, 0, 1, 1, 7}, {3, 3, 17, 0, 2, 4, 1, 2, 3}};
}

} // namespace

FUZZ_TARGET(sframe_header, "", 40, headers)
{
    const auto parsed = decode_header(input);
    if (!parsed) return;
    FUZZ_CHECK(parsed->size_bytes <= input.size() && parsed->size_bytes <= header_bytes_max);
    FUZZ_CHECK(encode_header(parsed->header) == to_bytes(input.first(parsed->size_bytes)));
    for (const std::uint32_t leaves : {1U, 2U, 100U, group_leaves_max}) {
        const MlsKid parts = parse_kid(parsed->header.kid, leaves);
        if (parts.leaf < leaves) FUZZ_CHECK(make_kid(parts, leaves) == parsed->header.kid);
    }
}

// Two members of a call: one sends, the bytes of the input decide what happens on the way. What opens was sent, and is
// opened once; epochs that the receiver does not have open nothing.
FUZZ_TARGET(sframe_call, "", 600, calls)
{
    Choices choices(input);
    const CipherSuite suite = suites[choices.dice(std::size(suites))];
    const std::size_t key_bytes = base_key_bytes(suite);
    MlsKeys ann(suite), bob(suite);
    std::uint64_t ann_epoch = 1, bob_epoch = 1;
    // Other keys for every input: libFuzzer sees what a tag is compared with, and would put it into the next one.
    const Bytes secret = to_bytes(crypto::transcript_hash("fuzz", {input}));
    const auto enter = [&](MlsKeys& who, std::uint64_t epoch, std::uint32_t leaf) {
        Bytes base_key = secret;
        base_key.resize(key_bytes, static_cast<std::uint8_t>(epoch));
        base_key[0] = static_cast<std::uint8_t>(base_key[0] + epoch);
        FUZZ_CHECK(who.add_epoch(epoch, base_key, 5, leaf));
    };
    enter(ann, 1, 0);
    enter(bob, 1, 4);
    auto key = ann.take_send_key();
    FUZZ_CHECK(key.has_value());
    std::set<Bytes> sent, opened;
    std::vector<Bytes> under_way;
    for (int step = 0; step < 200 && !choices.empty(); ++step) {
        switch (choices.dice(6)) {
        case 0: {
            const auto frame = to_bytes(choices.bytes(40));
            const auto one = key->encrypt(as_bytes("meta"), frame);
            FUZZ_CHECK(one.has_value() && sent.insert(*one).second);
            under_way.push_back(*one);
            break;
        }
        case 1:
        case 2: {
            if (under_way.empty()) break;
            const Bytes whole = under_way[choices.dice(under_way.size())];
            const Bytes arrives = choices.flag() ? mutated(whole, choices) : whole;
            const auto got = bob.decrypt(as_bytes("meta"), arrives);
            if (got.verdict != Decrypted::Verdict::opened) {
                FUZZ_CHECK(got.frame.empty());
                break;
            }
            // Four bytes of tag may be guessed; ten and more may not.
            if (parameters_of(suite)->nt > 4) FUZZ_CHECK(sent.contains(arrives));
            FUZZ_CHECK(opened.insert(arrives).second);
            FUZZ_CHECK(got.leaf == 0 && got.epoch <= bob_epoch);
            break;
        }
        case 3: {
            enter(ann, ++ann_epoch, 0);
            key = ann.take_send_key(choices.dice(3));
            FUZZ_CHECK(key.has_value());
            break;
        }
        case 4:
            if (bob_epoch < ann_epoch) enter(bob, ++bob_epoch, 4);
            break;
        case 5: {
            const auto made_up = to_bytes(choices.bytes(60));
            const auto got = bob.decrypt(as_bytes("meta"), made_up);
            if (parameters_of(suite)->nt > 4 && got.verdict == Decrypted::Verdict::opened)
                FUZZ_CHECK(sent.contains(made_up) && opened.insert(made_up).second);
            break;
        }
        default: break;
        }
    }
}
