// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: files for others.
//
//   query ──> may this device have it? what is here of it? ──> have, and more of it later, unasked; or gone
//   want  ──> likewise ──> queue (lib/transfer: in turns, at a rate) ──> read ──> piece, on the bulk lane
//   have, of all of it ──> that account is served; when all of a conversation are, it needs no blob
#pragma once

#include "lib/engine/file_reach.hpp"
#include "lib/engine/file_shelf.hpp"
#include "lib/transfer/serving.hpp"

#include <set>

namespace godwit::engine {

/// Of a grant, where nobody knows whose word it is: what it is of is given to nobody for that. No name of an account.
inline constexpr std::string_view unknown_author = "#";

class FileServe {
public:
    FileServe(Context& context, FileShelf& shelf) : context_(context), shelf_(shelf) {}

    void query(FileReach& reach, LinkId link, const DeviceId& device, const wire::peer::FileQuery& query);
    void want(FileReach& reach, LinkId link, const DeviceId& device, const wire::peer::FileWant& want);
    void have(FileReach& reach, const DeviceId& device, const wire::peer::FileHave& have);
    void link_down(LinkId link);
    /// Not here any more, or not for everybody who asked before.
    void changed(const FileId& file);

    /// Tells those who have asked what has come since. Gives what is asked for, a slice.
    void end_tick(FileReach& reach, const std::vector<FileId>& grown, Moment now);
    [[nodiscard]] Instant deadline() const { return serving_.deadline(); }
    [[nodiscard]] transfer::Serving& serving() { return serving_; }
    [[nodiscard]] const transfer::Serving& serving() const { return serving_; }

private:
    /// nullptr: not here, or not for this device.
    [[nodiscard]] const port::StoredFile* find(FileReach& reach, const FileId& file, const DeviceId& device);
    void tell(LinkId link, const port::StoredFile& row, const transfer::PieceSet& pieces);

    Context& context_;
    FileShelf& shelf_;
    transfer::Serving serving_;
    std::map<LinkId, DeviceId> devices_;           ///< Of links that have asked.
    std::set<std::pair<FileId, LinkId>> watchers_; ///< Are told when there is more.
};

} // namespace godwit::engine
