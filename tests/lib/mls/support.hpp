// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/mls/group.hpp"
#include "lib/port/entropy.hpp"
#include "tests/support/vectors.hpp"

#include <map>
#include <random>

namespace godwit::testing {

/// Reproducible randomness. Not for keys that protect anything.
class SeededEntropy : public port::Entropy {
public:
    explicit SeededEntropy(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> out) override
    {
        for (auto& octet : out)
            octet = static_cast<std::uint8_t>(engine_() & 0xff);
    }

private:
    std::mt19937_64 engine_;
};

inline Bytes plain(const mls::WipedBytes& in)
{
    return Bytes(in.begin(), in.end());
}

/// Counts what a vector file had, by suite. An entry that cannot run has failed.
class VectorCount {
public:
    explicit VectorCount(std::string file) : file_(std::move(file)) {}
    bool take(const nlohmann::json& entry)
    {
        const auto suite = entry["cipher_suite"].get<std::uint16_t>();
        const bool known = mls::is_supported(static_cast<mls::CipherSuite>(suite));
        CHECK_MESSAGE(known, file_ << " has an entry of suite " << suite << ", which is skipped");
        if (known) ++ran_[suite];
        return known;
    }
    void take_without_suite() { ++ran_[0]; }
    ~VectorCount()
    {
        std::printf("vectors: %s ran", file_.c_str());
        for (const auto& [suite, count] : ran_)
            suite == 0 ? std::printf(" %d entries", count) : std::printf(" %d of suite %d", count, suite);
        std::printf(ran_.empty() ? " none\n" : "\n");
    }

private:
    std::string file_;
    std::map<int, int> ran_;
};

inline mls::CipherSuite suite_of(const nlohmann::json& entry)
{
    return static_cast<mls::CipherSuite>(entry["cipher_suite"].get<std::uint16_t>());
}

inline std::string text_of(const nlohmann::json& value)
{
    return value.get<std::string>();
}

/// Decodes all of it as T, or fails the test.
template <class T>
T must_decode(const Bytes& bytes)
{
    auto out = mls::decode<T>(bytes);
    REQUIRE_MESSAGE(out.ok(), "decode: " << mls::mls_error_name(out.error()));
    return std::move(*out);
}

template <class T>
T must(mls::MlsResult<T> result)
{
    REQUIRE_MESSAGE(result.ok(), "mls: " << mls::mls_error_name(result.error()));
    return std::move(*result);
}

/// Believes everything, unless told not to.
class TrustingService : public mls::AuthenticationService {
public:
    bool is_valid(const mls::Credential& credential, BytesView) const override
    {
        return credential.content != refused_identity;
    }
    bool is_valid_chain(const std::vector<Bytes>& certificates, BytesView) const override
    {
        chains_judged.push_back(certificates);
        return accept_chains;
    }
    bool is_successor(const mls::Credential&, const mls::Credential&) const override { return accept_successors; }
    bool is_same_client(const mls::Credential& a, const mls::Credential& b) const override
    {
        return all_are_one_client || a == b;
    }
    bool allows(const mls::Group&, const mls::CommitSummary&) const override { return accept_commits; }
    bool accepts_newcomer(const mls::Group&, const mls::Add&) const override { return accept_newcomers; }
    bool is_path_required(mls::ProposalType) const override { return custom_needs_path; }
    bool is_external_allowed(mls::ProposalType) const override { return custom_from_outside; }
    Bytes refused_identity = Bytes(4, 0xde);
    bool accept_newcomers = true;
    bool custom_needs_path = true;
    bool custom_from_outside = false;
    bool accept_successors = true;
    bool accept_commits = true;
    bool accept_chains = true;
    mutable std::vector<std::vector<Bytes>> chains_judged;
    bool all_are_one_client = false; ///< Makes a creator of subgroups who checks nobody.
};

class MapPsks : public mls::PskSource {
public:
    std::optional<mls::WipedBytes> external_psk(BytesView psk_id) const override
    {
        const auto found = psks.find(to_bytes(psk_id));
        if (found == psks.end()) return std::nullopt;
        return crypto::to_wiped(found->second);
    }
    std::map<Bytes, Bytes> psks;
};

} // namespace godwit::testing
