// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/control_client.hpp"

#include "relay/daemon/toml_text.hpp"

namespace godwit::relay {
namespace {

ErrorCode code_named(const std::string& name)
{
    for (int code = 1; code < 256; ++code)
        if (error_name(static_cast<ErrorCode>(code)) == name) return static_cast<ErrorCode>(code);
    return ErrorCode::internal;
}

} // namespace

Result<toml::table> ask_control(const std::string& data, const toml::table& question)
{
    const auto text = toml_text(question);
    const auto answer =
        loop::ask_local(data + "/" + control_file_name, as_bytes(text), control_answer_bytes_max, control_time_max);
    if (!answer) return answer.error();
    try {
        auto table = toml::parse(as_text(*answer));
        if (const auto* const error = table["error"].as_table())
            return Error{code_named((*error)["code"].value_or(std::string())),
                         (*error)["detail"].value_or(std::string("the relay refused")), 0};
        return table;
    } catch (const std::exception& wrong) {
        return Error{ErrorCode::malformed,
                     std::string("the relay's answer makes no sense (is it of another version?): ") + wrong.what(), 0};
    }
}

std::string control_failure(const std::string& data, const Error& why)
{
    if (why.code == ErrorCode::not_connected)
        return "no relay runs on " + data + " (" + why.detail + "): start it first";
    if (why.code == ErrorCode::malformed || why.code == ErrorCode::timed_out) return why.detail;
    return std::string(error_name(why.code)) + ": " + why.detail;
}

} // namespace godwit::relay
