// SPDX-License-Identifier: Apache-2.0
// Published vectors that need no ratchet tree.
#include "lib/mls/key_schedule.hpp"
#include "lib/mls/secret_tree.hpp"
#include "tests/lib/mls/support.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("vectors: only a folder that nobody named and that is not there lets tests pass without")
{
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-vectors-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    CHECK(vectors_expected(folder, false)); // Empty: every file in it will be missed.
    CHECK(std::filesystem::remove(folder));
    CHECK_FALSE(vectors_expected(folder, false));
    CHECK(vectors_expected(folder, true));
}

TEST_CASE("vectors: crypto-basics")
{
    const auto entries = load_vectors("mls/crypto-basics.json");
    if (!entries) return;
    VectorCount count("crypto-basics");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        const auto& ref = e["ref_hash"];
        CHECK(ref_hash(text_of(ref["label"]), unhex(ref["value"])) == unhex(ref["out"]));
        const auto& expand = e["expand_with_label"];
        CHECK(plain(expand_with_label(unhex(expand["secret"]), text_of(expand["label"]), unhex(expand["context"]),
                                      expand["length"].get<std::size_t>())) == unhex(expand["out"]));
        const auto& secret = e["derive_secret"];
        CHECK(plain(derive_secret(unhex(secret["secret"]), text_of(secret["label"]))) == unhex(secret["out"]));
        const auto& tree = e["derive_tree_secret"];
        CHECK(plain(derive_tree_secret(unhex(tree["secret"]), text_of(tree["label"]),
                                       tree["generation"].get<std::uint32_t>(), tree["length"].get<std::size_t>())) ==
              unhex(tree["out"]));

        const auto& sign = e["sign_with_label"];
        const Bytes content = unhex(sign["content"]), pub = unhex(sign["pub"]);
        const std::string label = text_of(sign["label"]);
        CHECK(verify_with_label(suite_of(e), pub, label, content, unhex(sign["signature"])));
        const auto pair = *SignatureKeyPair::from_private(suite_of(e), unhex(sign["priv"]));
        CHECK(pair.public_key == pub);
        Bytes own = sign_with_label(pair, label, content);
        CHECK(verify_with_label(suite_of(e), pub, label, content, own));
        CHECK_FALSE(verify_with_label(suite_of(e), pub, label + "x", content, own));
        own[3] ^= 1;
        CHECK_FALSE(verify_with_label(suite_of(e), pub, label, content, own));

        const auto& enc = e["encrypt_with_label"];
        const auto key = hpke_key_pair(suite_of(e), unhex(enc["priv"]));
        REQUIRE(key.has_value());
        CHECK(key->public_key == unhex(enc["pub"]));
        const HPKECiphertext sealed{unhex(enc["kem_output"]), unhex(enc["ciphertext"])};
        const Bytes context = unhex(enc["context"]), plaintext = unhex(enc["plaintext"]);
        CHECK(plain(must(decrypt_with_label(suite_of(e), *key, text_of(enc["label"]), context, sealed))) == plaintext);
        SeededEntropy entropy(1);
        const auto again =
            must(encrypt_with_label(suite_of(e), key->public_key, text_of(enc["label"]), context, plaintext, entropy));
        CHECK(plain(must(decrypt_with_label(suite_of(e), *key, text_of(enc["label"]), context, again))) == plaintext);
        CHECK_FALSE(decrypt_with_label(suite_of(e), *key, "other", context, again).ok());
    }
}

TEST_CASE("vectors: deserialization")
{
    const auto entries = load_vectors("mls/deserialization.json");
    if (!entries) return;
    VectorCount count("deserialization");
    for (const auto& e : *entries) {
        count.take_without_suite();
        const Bytes header = unhex(e["vlbytes_header"]);
        Reader io(header);
        CHECK(io.length() == e["length"].get<std::size_t>());
        CHECK(io.finish() == MlsError::none);
    }
}

TEST_CASE("vectors: tree-math")
{
    const auto entries = load_vectors("mls/tree-math.json");
    if (!entries) return;
    VectorCount count("tree-math");
    for (const auto& e : *entries) {
        count.take_without_suite();
        const auto leaves = e["n_leaves"].get<std::uint32_t>();
        CHECK(node_width(leaves) == e["n_nodes"].get<std::uint32_t>());
        CHECK(root_of(leaves) == e["root"].get<std::uint32_t>());
        const auto same = [](const nlohmann::json& expected, std::optional<NodeIndex> got) {
            return expected.is_null() ? !got.has_value() : got == expected.get<NodeIndex>();
        };
        for (NodeIndex x = 0; x < node_width(leaves); ++x) {
            REQUIRE(same(e["left"][x], left(x)));
            REQUIRE(same(e["right"][x], right(x)));
            REQUIRE(same(e["parent"][x], parent(x, leaves)));
            REQUIRE(same(e["sibling"][x], sibling(x, leaves)));
        }
    }
}

TEST_CASE("vectors: key-schedule")
{
    const auto entries = load_vectors("mls/key-schedule.json");
    if (!entries) return;
    VectorCount count("key-schedule");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        GroupContext context;
        context.cipher_suite = suite_of(e);
        context.group_id = unhex(e["group_id"]);
        WipedBytes init_secret = crypto::to_wiped(unhex(e["initial_init_secret"]));
        for (const auto& epoch : e["epochs"]) {
            context.tree_hash = unhex(epoch["tree_hash"]);
            context.confirmed_transcript_hash = unhex(epoch["confirmed_transcript_hash"]);
            const Bytes encoded = encode(context);
            CHECK(encoded == unhex(epoch["group_context"]));
            const WipedBytes joiner = derive_joiner_secret(init_secret, unhex(epoch["commit_secret"]), encoded);
            CHECK(plain(joiner) == unhex(epoch["joiner_secret"]));
            const Bytes psk_secret = unhex(epoch["psk_secret"]);
            CHECK(plain(derive_welcome_secret(joiner, psk_secret)) == unhex(epoch["welcome_secret"]));
            const DerivedEpoch derived = derive_epoch(joiner, psk_secret, encoded);
            const EpochSecrets& s = derived.secrets;
            CHECK(plain(s.init_secret) == unhex(epoch["init_secret"]));
            CHECK(plain(s.sender_data_secret) == unhex(epoch["sender_data_secret"]));
            CHECK(plain(derived.encryption_secret) == unhex(epoch["encryption_secret"]));
            CHECK(plain(s.exporter_secret) == unhex(epoch["exporter_secret"]));
            CHECK(plain(s.epoch_authenticator) == unhex(epoch["epoch_authenticator"]));
            CHECK(plain(s.external_secret) == unhex(epoch["external_secret"]));
            CHECK(plain(s.confirmation_key) == unhex(epoch["confirmation_key"]));
            CHECK(plain(s.membership_key) == unhex(epoch["membership_key"]));
            CHECK(plain(s.resumption_psk) == unhex(epoch["resumption_psk"]));
            CHECK(derive_external_key_pair(suite_of(e), s.external_secret).public_key == unhex(epoch["external_pub"]));
            const auto& exporter = epoch["exporter"];
            CHECK(plain(must(mls_exporter(s.exporter_secret, text_of(exporter["label"]), unhex(exporter["context"]),
                                          exporter["length"].get<std::size_t>()))) == unhex(exporter["secret"]));
            init_secret = s.init_secret;
            ++context.epoch;
        }
    }
}

TEST_CASE("vectors: psk_secret")
{
    const auto entries = load_vectors("mls/psk_secret.json");
    if (!entries) return;
    VectorCount count("psk_secret");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        std::vector<ResolvedPsk> psks;
        for (const auto& psk : e["psks"]) {
            PreSharedKeyID id;
            id.psk_id = unhex(psk["psk_id"]);
            id.psk_nonce = unhex(psk["psk_nonce"]);
            psks.push_back({id, crypto::to_wiped(unhex(psk["psk"]))});
        }
        CHECK(plain(compute_psk_secret(psks)) == unhex(e["psk_secret"]));
    }
}

TEST_CASE("vectors: secret-tree")
{
    const auto entries = load_vectors("mls/secret-tree.json");
    if (!entries) return;
    VectorCount count("secret-tree");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        const auto& sender = e["sender_data"];
        const Bytes ciphertext = unhex(sender["ciphertext"]), secret = unhex(sender["sender_data_secret"]);
        const BytesView sample = BytesView(ciphertext).first(std::min(ciphertext.size(), kdf_nh));
        CHECK(plain(expand_with_label(secret, "key", sample, aead_nk(suite_of(e)))) == unhex(sender["key"]));
        CHECK(plain(expand_with_label(secret, "nonce", sample, aead_nn)) == unhex(sender["nonce"]));
        const auto leaves = static_cast<std::uint32_t>(e["leaves"].size());
        SecretTree tree(suite_of(e), crypto::to_wiped(unhex(e["encryption_secret"])), leaves);
        for (LeafIndex leaf = 0; leaf < leaves; ++leaf)
            for (const auto& g : e["leaves"][leaf]) {
                const auto generation = g["generation"].get<std::uint32_t>();
                auto handshake = must(tree.peek(leaf, RatchetType::handshake, generation));
                CHECK(plain(handshake.key.key) == unhex(g["handshake_key"]));
                CHECK(plain(handshake.key.nonce) == unhex(g["handshake_nonce"]));
                tree.consume(std::move(handshake));
                auto application = must(tree.peek(leaf, RatchetType::application, generation));
                CHECK(plain(application.key.key) == unhex(g["application_key"]));
                CHECK(plain(application.key.nonce) == unhex(g["application_nonce"]));
                tree.consume(std::move(application));
            }
        CHECK(tree.is_sound());
    }
}

TEST_CASE("vectors: transcript-hashes")
{
    const auto entries = load_vectors("mls/transcript-hashes.json");
    if (!entries) return;
    VectorCount count("transcript-hashes");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        const auto content = must_decode<AuthenticatedContent>(unhex(e["authenticated_content"]));
        const Bytes confirmed = confirmed_transcript_hash(unhex(e["interim_transcript_hash_before"]), content);
        CHECK(confirmed == unhex(e["confirmed_transcript_hash_after"]));
        REQUIRE(content.auth.confirmation_tag.has_value());
        CHECK(mac(unhex(e["confirmation_key"]), confirmed) == *content.auth.confirmation_tag);
        CHECK(interim_transcript_hash(confirmed, *content.auth.confirmation_tag) ==
              unhex(e["interim_transcript_hash_after"]));
    }
}

namespace {

template <class T>
void round_trip(const nlohmann::json& e, const char* key)
{
    const Bytes bytes = unhex(e[key]);
    const auto value = decode<T>(bytes);
    CHECK_MESSAGE(value.ok(), key << ": " << mls_error_name(value.error()));
    if (value.ok()) CHECK_MESSAGE(encode(*value) == bytes, key);
    // Every proper prefix is refused, and so is one byte more.
    for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 64)
        CHECK_FALSE(decode<T>(BytesView(bytes).first(cut)).ok());
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK(decode<T>(longer).error() == MlsError::trailing_bytes);
}

} // namespace

TEST_CASE("vectors: messages decode and encode to the same bytes")
{
    const auto entries = load_vectors("mls/messages.json");
    if (!entries) return;
    VectorCount count("messages");
    for (const auto& e : *entries) {
        count.take_without_suite();
        for (const char* key : {"mls_welcome", "mls_group_info", "mls_key_package", "public_message_application",
                                "public_message_proposal", "public_message_commit", "private_message"})
            round_trip<MLSMessage>(e, key);
        round_trip<GroupSecrets>(e, "group_secrets");
        round_trip<Add>(e, "add_proposal");
        round_trip<Update>(e, "update_proposal");
        round_trip<Remove>(e, "remove_proposal");
        round_trip<PreSharedKey>(e, "pre_shared_key_proposal");
        round_trip<ReInit>(e, "re_init_proposal");
        round_trip<ExternalInit>(e, "external_init_proposal");
        round_trip<GroupContextExtensions>(e, "group_context_extensions_proposal");
        round_trip<Commit>(e, "commit");
    }
}

TEST_CASE("vectors: message-protection")
{
    const auto entries = load_vectors("mls/message-protection.json");
    if (!entries) return;
    VectorCount count("message-protection");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        const CipherSuite suite = suite_of(e);
        GroupContext group;
        group.cipher_suite = suite;
        group.group_id = unhex(e["group_id"]);
        group.epoch = e["epoch"].get<std::uint64_t>();
        group.tree_hash = unhex(e["tree_hash"]);
        group.confirmed_transcript_hash = unhex(e["confirmed_transcript_hash"]);
        const Bytes context = encode(group), membership_key = unhex(e["membership_key"]),
                    sender_data_secret = unhex(e["sender_data_secret"]);
        const auto signer = *SignatureKeyPair::from_private(suite, unhex(e["signature_priv"]));
        CHECK(signer.public_key == unhex(e["signature_pub"]));
        SeededEntropy entropy(7);

        const auto open_public = [&](const Bytes& bytes) {
            auto message = must_decode<MLSMessage>(bytes);
            auto* pub = message.as<PublicMessage>();
            REQUIRE(pub != nullptr);
            AuthenticatedContent content{WireFormat::mls_public_message, pub->content, pub->auth};
            CHECK(compute_membership_tag(content, context, membership_key) == pub->membership_tag);
            CHECK(verify_content(content, suite, context, signer.public_key) == MlsError::none);
            CHECK(content.content.sender == Sender{SenderType::member, 1});
            return content;
        };
        const auto open_private = [&](const Bytes& bytes) {
            auto message = must_decode<MLSMessage>(bytes);
            auto* priv = message.as<PrivateMessage>();
            REQUIRE(priv != nullptr);
            // A fresh tree each time: the vectors use generation 0 for several messages.
            SecretTree tree(suite, crypto::to_wiped(unhex(e["encryption_secret"])), 2);
            const auto sender = must(open_sender_data(suite, *priv, sender_data_secret));
            const auto peek = must(tree.peek(sender.leaf_index, ratchet_for(priv->content_type), sender.generation));
            auto content = must(open_private_message(suite, *priv, sender, peek.key));
            CHECK(verify_content(content, suite, context, signer.public_key) == MlsError::none);
            CHECK(content.content.sender == Sender{SenderType::member, 1});
            return content;
        };
        const auto body_of = [](const AuthenticatedContent& content) {
            Writer io;
            std::visit(
                [&](const auto& body) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(body)>, Bytes>)
                        io.raw(body);
                    else
                        io(body);
                },
                content.content.content);
            return io.copy();
        };
        for (const char* kind : {"proposal", "commit"}) {
            const Bytes expected = unhex(e[kind]);
            CHECK(body_of(open_public(unhex(e[std::string(kind) + "_pub"]))) == expected);
            CHECK(body_of(open_private(unhex(e[std::string(kind) + "_priv"]))) == expected);
        }
        CHECK(body_of(open_private(unhex(e["application_priv"]))) == unhex(e["application"]));

        // Our own, protected both ways.
        for (const char* kind : {"proposal", "commit", "application"})
            for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
                const Bytes body = unhex(e[kind]);
                AuthenticatedContent content;
                content.wire_format = format;
                content.content.group_id = group.group_id;
                content.content.epoch = group.epoch;
                content.content.sender = {SenderType::member, 1};
                if (std::string_view(kind) == "application")
                    content.content.content = body;
                else if (std::string_view(kind) == "proposal")
                    content.content.content = must_decode<Proposal>(body);
                else {
                    content.content.content = must_decode<Commit>(body);
                    content.auth.confirmation_tag = Bytes(32, 3);
                }
                sign_content(content, context, signer);
                if (format == WireFormat::mls_public_message) {
                    if (content.content.content_type() == ContentType::application) continue;
                    PublicMessage pub{content.content, content.auth,
                                      compute_membership_tag(content, context, membership_key)};
                    CHECK(body_of(open_public(encode(MLSMessage{pub}))) == body);
                } else {
                    SecretTree tree(suite, crypto::to_wiped(unhex(e["encryption_secret"])), 2);
                    const auto key = must(tree.next(1, ratchet_for(content.content.content_type())));
                    const SenderData sender{1, key.generation, {1, 2, 3, 4}};
                    const auto priv = seal_private_message(suite, content, key.key, sender, sender_data_secret, 13);
                    CHECK(body_of(open_private(encode(MLSMessage{priv}))) == body);
                }
            }
    }
}

TEST_CASE("vectors: welcome")
{
    const auto entries = load_vectors("mls/welcome.json");
    if (!entries) return;
    VectorCount count("welcome");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        const CipherSuite suite = suite_of(e);
        auto package_message = must_decode<MLSMessage>(unhex(e["key_package"]));
        auto welcome_message = must_decode<MLSMessage>(unhex(e["welcome"]));
        const auto* package = package_message.as<KeyPackage>();
        const auto* welcome = welcome_message.as<Welcome>();
        REQUIRE((package != nullptr && welcome != nullptr));
        CHECK(welcome->cipher_suite == suite);
        const auto init = hpke_key_pair(suite, unhex(e["init_priv"]));
        REQUIRE(init.has_value());
        CHECK(init->public_key == package->init_key);
        const Bytes ref = make_key_package_ref(*package);
        const EncryptedGroupSecrets* mine = nullptr;
        for (const auto& secrets : welcome->secrets)
            if (secrets.new_member == ref) mine = &secrets;
        REQUIRE(mine != nullptr);
        const auto opened = must(
            decrypt_with_label(suite, *init, "Welcome", welcome->encrypted_group_info, mine->encrypted_group_secrets));
        const auto secrets = must_decode<GroupSecrets>(plain(opened));
        CHECK(secrets.psks.empty());
        const WipedBytes psk_secret = compute_psk_secret({});
        const WipedBytes welcome_secret = derive_welcome_secret(secrets.joiner_secret, psk_secret);
        const auto info = must(open_group_info(suite, welcome_secret, welcome->encrypted_group_info));
        CHECK(verify_group_info(info, unhex(e["signer_pub"])));
        const auto epoch = derive_epoch(secrets.joiner_secret, psk_secret, encode(info.group_context));
        CHECK(mac(epoch.secrets.confirmation_key, info.group_context.confirmed_transcript_hash) ==
              info.confirmation_tag);
    }
}
