// SPDX-License-Identifier: Apache-2.0
// godwit-relay selftest: does each rule against abuse hold, with the limits of this configuration? The relay's own core
// runs on a database in memory and a clock that jumps; no socket is opened, nothing of DIR is touched.
//
// A rule is a row of the table in selftest.cpp: a name, a sentence, and a function that goes to the limit (which must
// be served) and one past it (which must not).
#pragma once

#include "relay/core/core.hpp"
#include "relay/daemon/options.hpp"
#include "relay/store/store.hpp"

#include <span>

namespace godwit::relay {

/// A relay without sockets, and strangers who come to it.
class Yard {
public:
    explicit Yard(const Config& config);
    ~Yard();

    /// A link of a new device from `address`; it has said Hello.
    [[nodiscard]] LinkId stranger(const std::string& address);
    void send(LinkId link, const wire::relay::ClientFrame& frame);
    void send_raw(LinkId link, BytesView bytes);
    void pass(Duration time);
    [[nodiscard]] bool is_open(LinkId link) const { return !closed_.contains(link); }
    /// The newest answer to it.
    [[nodiscard]] ErrorCode answer(LinkId link) const;
    [[nodiscard]] const Config& config() const noexcept { return config_; }
    [[nodiscard]] Core& core() noexcept { return *core_; }

private:
    void tick();

    Config config_;
    std::unique_ptr<port::Entropy> entropy_;
    Store store_;
    std::unique_ptr<Core> core_;
    Moment now_{Instant(std::chrono::hours(1)), 1'800'000'000'000};
    LinkId last_ = 0;
    std::set<LinkId> closed_;
    std::map<LinkId, ErrorCode> answers_;
};

/// "": it holds. Else what happened instead.
using Rule = std::string (*)(Yard& yard);

struct RuleRow {
    const char* name;
    const char* sentence;
    Rule holds;
};
[[nodiscard]] std::span<const RuleRow> abuse_rules();

/// 0: all hold; 1: one does not, or the configuration is wrong; 2: no rule of that name.
[[nodiscard]] int run_selftest(const Options& options);

} // namespace godwit::relay
