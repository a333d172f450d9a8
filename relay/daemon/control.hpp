// SPDX-License-Identifier: Apache-2.0
// control: what the operator asks of a relay that runs, over a socket in its data directory (transport/loop/local.hpp).
// Whoever may read the relay's key may ask; nobody else may open the socket.
//
//   question (a TOML document) -> which request -> the core -> its transaction on disk -> answer (a TOML document)
//
// The tables of requests stand in control.cpp and control_admin.cpp. Each calls one function of the core or of
// relay/admin, so that the other door (the HTTP API) has nothing to repeat; what changes something leaves a record in
// the audit log. The far end is notice_command.hpp.
#pragma once

#include "relay/admin/admin.hpp"
#include "relay/core/core.hpp"
#include "relay/daemon/snapshot.hpp"
#include "transport/loop/local.hpp"

namespace godwit::relay {

inline constexpr const char* control_file_name = "control.sock";
inline constexpr std::size_t control_question_bytes_max = 128 * 1024; ///< A notice to 1,000 accounts by name.
inline constexpr std::size_t control_answer_bytes_max = 16 * 1024 * 1024;
/// Entries in one answer.
inline constexpr std::size_t control_page_max = 1000;
inline constexpr Duration control_time_max = std::chrono::seconds(30);

class Control {
public:
    /// Ends the core's tick, as with frames. An error means that nothing was stored.
    using Commit = std::function<Result<void>()>;

    /// Errors as loop::LocalServer::open.
    [[nodiscard]] static Result<std::unique_ptr<Control>> open(loop::Loop& loop, const std::string& path, Core& core,
                                                               admin::Admin& admin, Snapshots& snapshots,
                                                               Commit commit);
    /// Total: any bytes give an answer.
    [[nodiscard]] Bytes answer(BytesView question, Moment now);

    Control(Core& core, admin::Admin& admin, Snapshots& snapshots, Commit commit)
        : core_(core), admin_(admin), snapshots_(snapshots), commit_(std::move(commit))
    {
    }

private:
    Core& core_;
    admin::Admin& admin_;
    Snapshots& snapshots_;
    Commit commit_;
    std::unique_ptr<loop::LocalServer> server_;
};

} // namespace godwit::relay
