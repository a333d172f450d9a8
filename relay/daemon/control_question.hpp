// SPDX-License-Identifier: Apache-2.0
// Private to control: the values of one question, and the rows that answer.
#pragma once

#include "lib/base/bytes.hpp"
#include "relay/admin/admin.hpp"
#include "relay/core/core.hpp"

#include <toml++/toml.h>

namespace godwit::relay {

/// The values of one question. The first that is missing or of another type is the error; then nothing is done.
class Question {
public:
    explicit Question(const toml::table& table) : table_(table) {}

    std::string text(const char* key, const char* absent = nullptr);
    std::int64_t number(const char* key, std::int64_t least, std::int64_t most, std::int64_t absent);
    bool flag(const char* key);
    std::vector<std::string> texts(const char* key);
    NoticeId id();
    NoticeKind kind();
    void refuse(const char* key, const std::string& why)
    {
        if (!error_) error_ = Error{ErrorCode::invalid_argument, std::string(key) + " " + why, 0};
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    const toml::node* find(const char* key, bool needed);

    const toml::table& table_;
    std::optional<Error> error_;
};

/// What the rows work on.
struct Desk {
    Core& core;
    admin::Admin& admin;
};

struct ControlRow {
    std::string_view name;
    Result<toml::table> (*answer)(Desk&, Question&, Moment);
};
/// Tokens and the audit log (control_admin.cpp).
[[nodiscard]] std::span<const ControlRow> admin_rows();

} // namespace godwit::relay
