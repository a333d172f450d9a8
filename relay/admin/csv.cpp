// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/csv.hpp"

#include <algorithm>
#include <csv.h>

namespace godwit::relay::admin {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct Reader {
    std::vector<CsvRecord> records;
    CsvRecord current;
    std::size_t line = 1;            ///< That is being read.
    std::size_t newlines_inside = 0; ///< Of quoted fields of the current record.
    const char* fault = nullptr;     ///< At `line`.
    std::size_t fault_line = 0;

    void refuse(const char* why)
    {
        if (fault != nullptr) return;
        fault = why;
        fault_line = line;
    }
    void field(std::string_view text) noexcept
    {
        try {
            if (fault != nullptr) return;
            if (current.fields.size() == csv_fields_max) return refuse("too many fields: at most 64");
            current.fields.emplace_back(text);
            newlines_inside += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        } catch (const std::exception&) {
            fault = "out of memory";
        }
    }
    /// `end`: the character that ended the record, which may be an empty line's; -1: the text has ended.
    void record(int end) noexcept
    {
        try {
            if (!current.fields.empty() && fault == nullptr) {
                if (records.size() == csv_records_max) return refuse("too many records: at most 10,000 and a header");
                current.line = line;
                records.push_back(std::move(current));
            }
            current = {};
            line += std::exchange(newlines_inside, 0);
            if (end == '\n') ++line;
        } catch (const std::exception&) {
            fault = "out of memory";
        }
    }
};

void on_field(void* text, std::size_t size, void* reader)
{
    static_cast<Reader*>(reader)->field({static_cast<const char*>(text), size});
}

void on_record(int end, void* reader)
{
    static_cast<Reader*>(reader)->record(end);
}

Error at(std::size_t line, const std::string& why)
{
    return {ErrorCode::invalid_argument, "line " + std::to_string(line) + ": " + why, 0};
}

} // namespace

Result<std::vector<CsvRecord>> read_csv(std::string_view text)
{
    if (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());
    Reader reader;
    csv_parser parser{};
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        return Error{ErrorCode::internal, "out of memory", 0};
    const bool whole = csv_parse(&parser, text.data(), text.size(), on_field, on_record, &reader) == text.size() &&
                       csv_fini(&parser, on_field, on_record, &reader) == 0;
    csv_free(&parser);
    if (reader.fault != nullptr) return at(reader.fault_line == 0 ? reader.line : reader.fault_line, reader.fault);
    if (!whole) return at(reader.line, "a quote stands where none may, or one is missing at the end");
    return std::move(reader.records);
}

} // namespace godwit::relay::admin
