// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: files left at the relay for those who cannot be reached.
//
//   a post of mine with a file, and somebody of the others lacks it ──> linked? they can fetch it
//     └─ not for blob_upload_after ──> what does the relay have? ──> pieces, sealed, a few at a time ──> all there:
//        until it goes from there, or for blob_look_every; then it is looked at again, for as long as a message waits
//   a device says that it finds one nowhere ──> it is put there, whoever else has it
#pragma once

#include "lib/engine/file_reach.hpp"
#include "lib/engine/file_shelf.hpp"
#include "lib/transfer/serving.hpp"

#include <set>

namespace godwit::engine {

class FileUpload {
public:
    FileUpload(Context& context, FileShelf& shelf) : context_(context), shelf_(shelf) {}

    /// A post came, a link went, the relay is back: who lacks what may be another now.
    void look(Moment now) { look_at_ = earlier(look_at_, now.mono + context_.config.blob_upload_after); }
    void sought(FileReach& reach, const DeviceId& device, const FileId& file, Moment now);
    void relay_gone();
    void stop(const FileId& file);
    void answered(const purpose::BlobUpload& what, const wire::relay::Response& response, Moment now);
    /// `pace`: uploads count as serving.
    void end_tick(FileReach& reach, transfer::Serving& pace, Moment now);
    [[nodiscard]] Instant deadline(const transfer::Serving& pace) const;
    [[nodiscard]] bool is_under_way() const { return upload_.has_value(); }

private:
    /// One at a time.
    struct Upload {
        FileId file;
        FileKey key; ///< Of the posts that it is for.
        std::uint64_t size_bytes = 0;
        bool asked = false; ///< What there is.
        bool answered = false;
        bool put = false; ///< Something: then the relay says at the end whether it has all, and until when.
        std::int64_t until_ms = 0;
        transfer::PieceSet stored;
        std::set<std::uint32_t> out;
        std::uint32_t next = 0;
    };
    void choose(FileReach& reach, Moment now);
    bool consider(FileReach& reach, const port::FileGrant& grant, Moment now);
    [[nodiscard]] bool is_over(const port::FileGrant& grant, Moment now) const;
    [[nodiscard]] bool rests(const port::FileGrant& grant, Moment now);
    /// Precondition: its file is whole, and not empty.
    void begin(const port::FileGrant& grant, std::uint64_t size_bytes);
    /// True: the upload of one that was sought begins.
    bool begin_sought(FileReach& reach, Moment now);
    [[nodiscard]] bool is_due(FileReach& reach, const port::FileGrant& grant, const DeviceId& device, Moment now);
    void go_on(FileReach& reach, transfer::Serving& pace, Moment now);
    /// Precondition: there is an upload.
    void rest(Duration how_long, Moment now);

    Context& context_;
    FileShelf& shelf_;
    std::optional<Upload> upload_;
    std::map<std::pair<FileId, FileKey>, Instant> rests_;   ///< Refused: not before then.
    std::map<std::pair<FileId, DeviceId>, Instant> sought_; ///< Until when it is thought of.
    Instant look_at_ = never;
    bool blocked_ = false; ///< By the rate.
};

} // namespace godwit::engine
