// SPDX-License-Identifier: Apache-2.0
// RFC 9605 appendix C: every published entry, counted.
#include "lib/sframe/frame_key.hpp"
#include "tests/support/vectors.hpp"

#include <map>

using namespace godwit;
using namespace godwit::sframe;
using godwit::testing::load_vectors;
using godwit::testing::unhex;

namespace {

Bytes plain(const WipedBytes& in)
{
    return Bytes(in.begin(), in.end());
}

CipherSuite suite_of(const nlohmann::json& entry)
{
    const auto suite = static_cast<CipherSuite>(entry["cipher_suite"].get<std::uint16_t>());
    REQUIRE_MESSAGE(parameters_of(suite).has_value(), "a suite that is not there");
    return suite;
}

/// The published numbers have gone through a program that keeps 53 bits: above that they are the nearest double, and
/// the encoding beside them is what counts.
bool same_number(const nlohmann::json& published, std::uint64_t value)
{
    if (published.is_number_unsigned() && published.get<std::uint64_t>() == value) return true;
    return value > (std::uint64_t{1} << 53) && published.get<double>() == static_cast<double>(value);
}

void run_aead(const nlohmann::json& e)
{
    const CipherSuite suite = suite_of(e);
    const auto parameters = *parameters_of(suite);
    const Bytes key = unhex(e["key"]), nonce = unhex(e["nonce"]), aad = unhex(e["aad"]), pt = unhex(e["pt"]);
    CHECK(key.size() == parameters.nk);
    CHECK(nonce.size() == aead_nn);
    CHECK(Bytes(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(parameters.nka)) == unhex(e["enc_key"]));
    CHECK(Bytes(key.begin() + static_cast<std::ptrdiff_t>(parameters.nka), key.end()) == unhex(e["auth_key"]));
    const Bytes ct = aead_encrypt(suite, key, nonce, aad, pt);
    CHECK(ct == unhex(e["ct"]));
    const auto back = aead_decrypt(suite, key, nonce, aad, ct);
    REQUIRE(back.has_value());
    CHECK(plain(*back) == pt);
    for (std::size_t i = 0; i < ct.size(); ++i) {
        Bytes broken = ct;
        broken[i] ^= 1;
        CHECK_FALSE(aead_decrypt(suite, key, nonce, aad, broken));
    }
    for (std::size_t cut = 0; cut < ct.size(); ++cut)
        CHECK_FALSE(aead_decrypt(suite, key, nonce, aad, BytesView(ct).first(cut)));
    CHECK_FALSE(aead_decrypt(suite, key, nonce, as_bytes("other"), ct));
}

void run_sframe(const nlohmann::json& e)
{
    const CipherSuite suite = suite_of(e);
    const auto kid = e["kid"].get<std::uint64_t>(), ctr = e["ctr"].get<std::uint64_t>();
    const Bytes base_key = unhex(e["base_key"]), metadata = unhex(e["metadata"]), pt = unhex(e["pt"]),
                ct = unhex(e["ct"]);
    CHECK(key_label(suite, kid) == unhex(e["sframe_key_label"]));
    CHECK(salt_label(suite, kid) == unhex(e["sframe_salt_label"]));
    CHECK(plain(crypto::hkdf_extract(parameters_of(suite)->hash, {}, {base_key})) == unhex(e["sframe_secret"]));
    const KeyAndSalt keys = derive_key_salt(suite, kid, base_key);
    CHECK(plain(keys.key) == unhex(e["sframe_key"]));
    CHECK(plain(keys.salt) == unhex(e["sframe_salt"]));
    const Bytes nonce = unhex(e["nonce"]), aad = unhex(e["aad"]), header = encode_header({kid, ctr});
    CHECK(BytesView(aad).first(header.size()).size() == aad.size() - metadata.size());
    Bytes whole = header;
    append(whole, aead_encrypt(suite, keys.key, nonce, aad, pt));
    CHECK(whole == ct);

    SendKey sender(suite, kid, base_key, ctr);
    const auto sent = sender.encrypt(metadata, pt);
    REQUIRE(sent.has_value());
    CHECK(*sent == ct);
    CHECK(sender.next_ctr() == ctr + 1);
    ReceiveKey receiver(suite, kid, base_key);
    const auto got = receiver.decrypt(metadata, ct);
    CHECK(got.verdict == Decrypted::Verdict::opened);
    CHECK(got.header == Header{kid, ctr});
    CHECK(got.frame == pt);
}

/// Runs what it knows of a file; a kind of entries that it does not know fails.
void run_file(const std::string& file)
{
    const auto all = load_vectors(file);
    if (!all) return;
    std::map<std::string, int> ran;
    for (const auto& [kind, entries] : all->items())
        for (const auto& e : entries) {
            if (kind == "header") {
                const Bytes encoded = unhex(e["encoded"]);
                const auto parsed = decode_header(encoded);
                REQUIRE(parsed.has_value());
                CHECK(parsed->size_bytes == encoded.size());
                CHECK(same_number(e["kid"], parsed->header.kid));
                CHECK(same_number(e["ctr"], parsed->header.ctr));
                CHECK(encode_header(parsed->header) == encoded);
            } else if (kind == "aes_ctr_hmac" || kind == "aes_256_ctr_hmac")
                run_aead(e);
            else if (kind == "sframe" || kind == "sframe_aes_256_ctr_hmac")
                run_sframe(e);
            else
                FAIL("unknown kind of entries: " << kind);
            ++ran[kind];
        }
    for (const auto& [kind, count] : ran)
        std::printf("vectors: sframe %s ran %d entries\n", kind.c_str(), count);
    CHECK_FALSE(ran.empty());
}

} // namespace

TEST_CASE("sframe vectors: RFC 9605")
{
    run_file("sframe/test-vectors.json");
}

TEST_CASE("sframe vectors: AES-256 with short tags")
{
    run_file("sframe/test-vectors-aes256.json");
}
