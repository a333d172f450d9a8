// SPDX-License-Identifier: Apache-2.0
// The codec by itself: vectors of RFC 5769 and RFC 8489, every attribute there and back, and what it refuses.
#include "relay/stun/credentials.hpp"
#include "relay/stun/writer.hpp"

#include "lib/crypto/legacy.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::relay::stun;

namespace {

// RFC 5769 sections 2.1 to 2.4.
const Bytes sample_request = *from_hex("000100582112a442b7e7a701bc34d686fa87dfae"
                                       "802200105354554e207465737420636c69656e74"
                                       "002400046e0001ff80290008932ff9b151263b36"
                                       "000600096576746a3a68367659202020"
                                       "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
                                       "80280004e57a3bcf");
const Bytes sample_response_v4 = *from_hex("0101003c2112a442b7e7a701bc34d686fa87dfae"
                                           "8022000b7465737420766563746f7220"
                                           "002000080001a147e112a643"
                                           "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
                                           "80280004c07d4c96");
const Bytes sample_response_v6 = *from_hex("010100482112a442b7e7a701bc34d686fa87dfae"
                                           "8022000b7465737420766563746f7220"
                                           "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
                                           "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
                                           "80280004c8fb0b4c");
const Bytes sample_long_term = *from_hex("000100602112a44278ad3433c6ad72c029da412e"
                                         "00060012e3839ee38388e383aae38383e382afe382b90000"
                                         "0015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341"
                                         "0014000b6578616d706c652e6f726700"
                                         "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666");
// RFC 8489 appendix B.1, as erratum 6268 corrects it.
const Bytes sample_sha256 = *from_hex("000100902112a44278ad3433c6ad72c029da412e"
                                      "001e00204a3cf38fef6992bda952c6780417da0f2481941556"
                                      "9e60b205c46e41407f1704"
                                      "001500296f624d61744a6f7332414141"
                                      "43662f2f3439396b39353464364f4c33346f4c394653547679363473"
                                      "41000000"
                                      "0014000b6578616d706c652e6f726700"
                                      "001d000400020000"
                                      "001c0020b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65");

const std::string short_term_password = "VOkJxbRl1RmTxUk/WvJxBt";
const std::string matrix = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9";
const std::string matrix_password = "TheMatrIX"; // after SASLprep
const std::string matrix_realm = "example.org";

const Bytes transaction = *from_hex("2112a442b7e7a701bc34d686fa87dfae");

Message decoded(const Bytes& bytes)
{
    const auto out = Message::decode(bytes);
    REQUIRE(out);
    return *out;
}

} // namespace

TEST_CASE("RFC 2202 section 3: HMAC-SHA1, test cases 1, 2, 6; RFC 1321 appendix A.5: MD5")
{
    const auto hex = [](BytesView key, BytesView data) { return to_hex(crypto::hmac_sha1_of(key, {data})); };
    CHECK(hex(Bytes(20, 0x0b), as_bytes("Hi There")) == "b617318655057264e28bc0b6fb378c8ef146be00");
    CHECK(hex(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")) ==
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    CHECK(hex(Bytes(80, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    CHECK(to_hex(crypto::md5_of({})) == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(to_hex(crypto::md5_of({as_bytes("message "), as_bytes("digest")})) == "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST_CASE("RFC 5769: all four samples decode, and their integrity and fingerprint hold")
{
    const auto request = decoded(sample_request);
    CHECK(request.method() == Method::binding);
    CHECK(request.message_class() == Class::request);
    CHECK(request.has_fingerprint());
    CHECK(as_text(request.find(attribute::software)->value) == "STUN test client");
    CHECK(as_text(request.find(attribute::username)->value) == "evtj:h6vY");
    CHECK(has_integrity(request, as_bytes(short_term_password)));
    CHECK_FALSE(has_integrity(request, as_bytes("VOkJxbRl1RmTxUk/WvJxBT")));

    for (const auto& [sample, ip] : {std::pair(sample_response_v4, Bytes{192, 0, 2, 1}),
                                     std::pair(sample_response_v6, *from_hex("20010db8123456780011223344556677"))}) {
        const auto response = decoded(sample);
        CHECK(response.message_class() == Class::success);
        CHECK(as_text(response.find(attribute::software)->value) == "test vector");
        CHECK(read_xor_address(response.find(attribute::xor_mapped_address)->value, response.transaction()) ==
              Endpoint::of(ip, 32853));
        CHECK(has_integrity(response, as_bytes(short_term_password)));
    }

    const auto long_term = decoded(sample_long_term);
    CHECK_FALSE(long_term.has_fingerprint());
    const auto key = long_term_key(PasswordAlgorithm::md5, long_term.find(attribute::username)->value,
                                   long_term.find(attribute::realm)->value, as_bytes(matrix_password));
    CHECK(as_text(long_term.find(attribute::username)->value) == matrix);
    CHECK(has_integrity(long_term, key));
}

TEST_CASE("RFC 8489 appendix B.1: MESSAGE-INTEGRITY-SHA256 with a SHA-256 key, USERHASH")
{
    const auto request = decoded(sample_sha256);
    CHECK(read_password_algorithm(request.find(attribute::password_algorithm)->value) == PasswordAlgorithm::sha256);
    const auto key =
        long_term_key(PasswordAlgorithm::sha256, as_bytes(matrix), as_bytes(matrix_realm), as_bytes(matrix_password));
    CHECK(has_integrity(request, key));
    CHECK(to_hex(userhash(as_bytes(matrix), as_bytes(matrix_realm))) ==
          to_hex(request.find(attribute::userhash)->value));
}

TEST_CASE("the writer makes the samples of RFC 5769 and RFC 8489 again")
{
    // Sample 2.1 pads with spaces, as nobody has to; the others pad with zeroes, but for SOFTWARE.
    Writer long_term(Method::binding, Class::request, decoded(sample_long_term).transaction());
    long_term.put(attribute::username, matrix)
        .put(attribute::nonce, std::string_view("f//499k954d6OL34oL9FSTvy64sA"))
        .put(attribute::realm, matrix_realm)
        .put_integrity(
            long_term_key(PasswordAlgorithm::md5, as_bytes(matrix), as_bytes(matrix_realm), as_bytes(matrix_password)));
    CHECK(to_hex(long_term.take()) == to_hex(sample_long_term));

    Writer sha256(Method::binding, Class::request, decoded(sample_sha256).transaction());
    sha256.put(attribute::userhash, userhash(as_bytes(matrix), as_bytes(matrix_realm)))
        .put(attribute::nonce, std::string_view("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"))
        .put(attribute::realm, matrix_realm)
        .put(attribute::password_algorithm, Bytes{0, 2, 0, 0})
        .put_integrity_sha256(long_term_key(PasswordAlgorithm::sha256, as_bytes(matrix), as_bytes(matrix_realm),
                                            as_bytes(matrix_password)));
    CHECK(to_hex(sha256.take()) == to_hex(sample_sha256));
}

TEST_CASE("integrity covers every byte before it, and nothing behind it counts")
{
    const auto key = as_bytes(short_term_password);
    for (const bool strong : {false, true}) {
        CAPTURE(strong);
        Writer writer(Method::refresh, Class::request, transaction);
        writer.put_u32(attribute::lifetime, 600).put(attribute::username, std::string_view("ann"));
        if (strong)
            writer.put_integrity_sha256(key);
        else
            writer.put_integrity(key);
        const auto signed_bytes = writer.take();
        REQUIRE(has_integrity(decoded(signed_bytes), key));
        for (std::size_t i = 0; i < signed_bytes.size(); ++i) {
            auto altered = signed_bytes;
            altered[i] ^= 1;
            const auto message = Message::decode(altered);
            CHECK_MESSAGE((!message || !has_integrity(*message, key)), i);
        }
        // Appended by somebody else.
        auto longer = signed_bytes;
        append(longer, *from_hex("001900041100000000060004657665ff"));
        longer[3] = static_cast<std::uint8_t>(longer.size() - header_bytes);
        const auto message = decoded(longer);
        CHECK(has_integrity(message, key));
        CHECK_FALSE(message.has(attribute::requested_transport));
        CHECK(as_text(message.find(attribute::username)->value) == "ann");
    }
}

TEST_CASE("MESSAGE-INTEGRITY-SHA256 may be cut to 16 bytes, not below, and it wins over MESSAGE-INTEGRITY")
{
    const auto key = as_bytes("key");
    for (std::size_t bytes = 0; bytes <= 40; ++bytes) {
        CAPTURE(bytes);
        // As a client would cut it: the length in the header is that of the message as it is sent.
        Bytes message = *from_hex("00030000" + to_hex(transaction));
        const auto padded = (bytes + 3) / 4 * 4;
        message[3] = static_cast<std::uint8_t>(4 + padded);
        auto head = message;
        head[3] = static_cast<std::uint8_t>(4 + bytes);
        auto mac = to_bytes(crypto::hmac_sha256_of(key, {head}));
        mac.resize(padded);
        append(message, Bytes{0, 0x1c, 0, static_cast<std::uint8_t>(bytes)});
        append(message, mac);
        CHECK(has_integrity(decoded(message), key) == (bytes >= 16 && bytes <= 32 && bytes % 4 == 0));
    }
    Writer both(Method::allocate, Class::request, transaction);
    both.put_integrity(as_bytes("wrong")).put_integrity_sha256(key);
    const auto bytes = both.take();
    CHECK(has_integrity(decoded(bytes), key));
    CHECK_FALSE(has_integrity(decoded(bytes), as_bytes("wrong")));
}

TEST_CASE("every method and class there and back")
{
    for (unsigned method = 0; method < 0x1000; ++method)
        for (const auto kind : {Class::request, Class::indication, Class::success, Class::error}) {
            const auto bytes = Writer(static_cast<Method>(method), kind, transaction).take();
            const auto message = Message::decode(bytes);
            REQUIRE(message);
            REQUIRE(message->method() == static_cast<Method>(method));
            REQUIRE(message->message_class() == kind);
        }
    // RFC 8489 figure 3, by the numbers that everybody knows.
    CHECK(to_hex(Writer(Method::allocate, Class::error, transaction).take()).substr(0, 4) == "0113");
    CHECK(to_hex(Writer(Method::data, Class::indication, transaction).take()).substr(0, 4) == "0017");
    CHECK(to_hex(Writer(Method::channel_bind, Class::success, transaction).take()).substr(0, 4) == "0109");
}

TEST_CASE("values: addresses, numbers, errors; and what has another form is none")
{
    const auto v4 = Endpoint::of(Bytes{192, 0, 2, 1}, 4433);
    const auto v6 = Endpoint::of(*from_hex("20010db8000000000000000000000001"), 1);
    Writer writer(Method::allocate, Class::success, transaction);
    writer.put_xor_address(attribute::xor_relayed_address, v6)
        .put_xor_address(attribute::xor_mapped_address, v4)
        .put_address(attribute::mapped_address, v6)
        .put_u32(attribute::lifetime, 600)
        .put_error(437)
        .put_fingerprint();
    const auto bytes = writer.take();
    const auto message = decoded(bytes);
    CHECK(message.has_fingerprint());
    CHECK(read_xor_address(message.find(attribute::xor_relayed_address)->value, transaction) == v6);
    CHECK(read_xor_address(message.find(attribute::xor_mapped_address)->value, transaction) == v4);
    CHECK(read_address(message.find(attribute::mapped_address)->value) == v6);
    CHECK(read_u32(message.find(attribute::lifetime)->value) == 600);
    CHECK(read_error(message.find(attribute::error_code)->value)->code == 437);

    CHECK_FALSE(read_address(*from_hex("0002010101020304")));   // IPv6 with four bytes
    CHECK_FALSE(read_address(*from_hex("0003010101020304")));   // no family
    CHECK_FALSE(read_address(*from_hex("000101010102030405"))); // too long
    CHECK_FALSE(read_address({}));
    CHECK_FALSE(read_u32(Bytes(3)));
    CHECK_FALSE(read_u32(Bytes(5)));
    CHECK_FALSE(read_error(*from_hex("00000263")));
    CHECK_FALSE(read_error(*from_hex("00000464")));
    CHECK_FALSE(read_error(*from_hex("000004")));
    CHECK_FALSE(read_password_algorithm(*from_hex("00030000")));
    CHECK_FALSE(read_password_algorithm(*from_hex("00020004")));
    CHECK_FALSE(read_password_algorithm(*from_hex("0002")));
}

TEST_CASE("of a repeated attribute the first counts; a fingerprint is the last")
{
    Writer writer(Method::refresh, Class::request, transaction);
    writer.put_u32(attribute::lifetime, 1).put_u32(attribute::lifetime, 2);
    const auto bytes = writer.take();
    CHECK(read_u32(decoded(bytes).find(attribute::lifetime)->value) == 1);
    CHECK(decoded(bytes).attributes().size() == 2);

    Writer behind(Method::refresh, Class::request, transaction);
    behind.put_fingerprint().put_u32(attribute::lifetime, 1);
    CHECK_FALSE(Message::decode(behind.take()));
}

TEST_CASE("whatever the bytes are: a message within them, or none")
{
    const std::uint64_t seed = 11;
    MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    std::size_t messages = 0;
    for (int round = 0; round < 100'000; ++round) {
        auto bytes = std::vector{sample_request, sample_response_v6, sample_long_term, sample_sha256}[random() % 4];
        for (auto edits = random() % 4; edits > 0; --edits) {
            if (random() % 4 == 0)
                bytes.resize(random() % (bytes.size() + 1));
            else if (!bytes.empty())
                bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        }
        const auto message = Message::decode(bytes);
        if (!message) continue;
        ++messages;
        for (const auto& one : message->attributes()) {
            REQUIRE(one.value.data() >= bytes.data());
            REQUIRE(one.value.data() + one.value.size() <= bytes.data() + bytes.size());
            static_cast<void>(read_xor_address(one.value, message->transaction()));
            static_cast<void>(read_error(one.value));
        }
        static_cast<void>(has_integrity(*message, as_bytes("k")));
    }
    CHECK(messages > 10'000);
}
