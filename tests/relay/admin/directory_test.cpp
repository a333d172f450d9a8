// SPDX-License-Identifier: Apache-2.0
// CSV as people write it, and a directory that takes all of an import or nothing.
#include "relay/admin/csv.hpp"
#include "relay/admin/directory.hpp"
#include "relay/store/store.hpp"

#include <doctest/doctest.h>

namespace godwit::relay::admin {
namespace {

struct Office {
    Store store = Store::open_in_memory().value();
    Directory directory{store};

    ImportReport import(std::string_view csv, bool dry_run = false)
    {
        auto out = directory.import(csv, dry_run, 5);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        return *std::move(out);
    }
    std::string refusal(std::string_view csv)
    {
        const auto out = directory.import(csv, false, 5);
        REQUIRE_FALSE(out.ok());
        return out.error().detail;
    }
};

std::vector<std::string> fields(std::string_view csv, std::size_t record = 0)
{
    const auto out = read_csv(csv);
    REQUIRE_MESSAGE(out.ok(), out.error().detail);
    REQUIRE(out->size() > record);
    return (*out)[record].fields;
}

} // namespace

TEST_CASE("RFC 4180: quotes, commas and lines within, both line ends, a mark in front; each record knows its line")
{
    using Fields = std::vector<std::string>;
    CHECK(fields("a,b,c\r\n") == Fields{"a", "b", "c"});
    CHECK(fields("a,\"b \"\"x\"\", y\",c") == Fields{"a", "b \"x\", y", "c"});
    CHECK(fields("a,,\n") == Fields{"a", "", ""});
    CHECK(fields("\xEF\xBB\xBFuser\n") == Fields{"user"});
    CHECK(fields("小明,é\n") == Fields{"小明", "é"});
    const auto all = read_csv("one\r\n\r\n\"two\r\nlines\",x\r\nfour\n\nsix");
    REQUIRE(all.ok());
    std::vector<std::size_t> lines;
    for (const auto& record : *all)
        lines.push_back(record.line);
    CHECK(lines == std::vector<std::size_t>{1, 3, 5, 7});
    CHECK(read_csv("")->empty());
}

TEST_CASE("what is no CSV is refused with its line; fields and records are bounded")
{
    for (const auto& [text, line] :
         {std::pair("a\nb\"c\n", "line 2"), std::pair("a\n\"b\"c\n", "line 2"), std::pair("a\n\"b", "line 2")}) {
        CAPTURE(text);
        const auto out = read_csv(text);
        REQUIRE_FALSE(out.ok());
        CHECK(out.error().detail.find(line) == 0);
    }
    CHECK(read_csv(std::string(csv_fields_max - 1, ',')).ok());
    CHECK_FALSE(read_csv(std::string(csv_fields_max, ',')).ok());
    std::string many;
    for (std::size_t n = 0; n < csv_records_max; ++n)
        many += "x\n";
    CHECK(read_csv(many)->size() == csv_records_max);
    CHECK_FALSE(read_csv(many + "x\n").ok());
}

TEST_CASE("an import makes departments on its way, changes who is there, and says how many")
{
    Office office;
    const std::string_view csv = "department,user,full_name\n"
                                 "Engineering/Radio,ann,\"Lee, Ann\"\n"
                                 "Engineering,bo,Bo\n"
                                 ",cy,\n";
    auto report = office.import(csv, true);
    CHECK(report.members_added == 3);
    CHECK(report.departments_added == 2);
    CHECK(office.directory.table().member_count() == 0); // it was a rehearsal
    report = office.import(csv);
    CHECK(report.members_added == 3);
    CHECK(report.departments_added == 2);
    const auto departments = office.directory.table().departments();
    REQUIRE(departments.size() == 2);
    CHECK(departments[0].name == "Engineering");
    CHECK(departments[1].parent == departments[0].id);
    const auto ann = office.directory.table().member("ann");
    REQUIRE(ann);
    CHECK(ann->full_name == "Lee, Ann");
    CHECK(ann->department == departments[1].id);
    CHECK(office.directory.table().member("cy")->department == 0);

    report = office.import("user,department\nann,Engineering\ndee,Engineering / Radio\n");
    CHECK(report.members_added == 1);
    CHECK(report.members_changed == 1);
    CHECK(report.departments_added == 0);
    CHECK(office.directory.table().member("ann")->department == departments[0].id);
    CHECK(office.directory.table().members(departments[0].id, "", 10).size() == 2);
    CHECK(office.directory.table().members(std::nullopt, "bo", 1)[0].user == "cy");
}

TEST_CASE("columns that a file does not have stay as they are; an empty field in one that it has empties it")
{
    Office office;
    office.import("user,full_name,title,email,department\nann,Ann Lee,Engineer,ann@example.org,Radio\n");
    const auto radio = office.directory.table().member("ann")->department;
    REQUIRE(radio != 0);
    CHECK(office.import("user,title\nann,Chief\nbo,Clerk\n").members_changed == 1);
    auto ann = office.directory.table().member("ann");
    CHECK(ann->title == "Chief");
    CHECK(ann->full_name == "Ann Lee");
    CHECK(ann->email == "ann@example.org");
    CHECK(ann->department == radio);
    CHECK(office.directory.table().member("bo")->full_name.empty());

    office.import("user,email,department\nann,,\n");
    ann = office.directory.table().member("ann");
    CHECK(ann->email.empty());
    CHECK(ann->department == 0);
    CHECK(ann->full_name == "Ann Lee");
    CHECK(ann->title == "Chief");
}

TEST_CASE("one wrong line, and nothing is changed: every wrong line is named")
{
    Office office;
    const auto report = office.import("user,title,department\n"
                                      "ann,Engineer,Radio\n"
                                      "No Name,x,y\n"
                                      "bo,x\n"
                                      "\"cy\",\"two\nlines\",y\n"
                                      "ann,again,y\n"
                                      "dee,x,a//b\n");
    REQUIRE(report.errors.size() == 5);
    std::vector<std::size_t> lines;
    for (const auto& one : report.errors)
        lines.push_back(one.line);
    CHECK(lines == std::vector<std::size_t>{3, 4, 5, 7, 8});
    CHECK(report.errors[3].what.find("line 2") != std::string::npos);
    CHECK(report.members_added == 0);
    CHECK(office.directory.table().member_count() == 0);
    CHECK(office.directory.table().department_count() == 0);

    std::string csv = "user\n";
    for (std::size_t n = 0; n < import_errors_max + 7; ++n)
        csv += "NO\n";
    const auto many = office.import(csv);
    CHECK(many.errors.size() == import_errors_max);
    CHECK(many.errors_untold == 7);
}

TEST_CASE("a wrong header is refused, and says which are known")
{
    Office office;
    CHECK(office.refusal("").find("line 1: a header is missing") == 0);
    CHECK(office.refusal("name\nann\n").find("unknown column \"name\"") != std::string::npos);
    CHECK(office.refusal("user,user\n").find("twice") != std::string::npos);
    CHECK(office.refusal("title\nx\n").find("user is missing") != std::string::npos);
    CHECK(office.import("user\n").members_added == 0);
}

TEST_CASE("departments: names, places, depth and number are bounded; only an empty one goes")
{
    Office office;
    auto& directory = office.directory;
    const auto code = [&](DepartmentRow parent, const std::string& name) {
        const auto out = directory.add_department(parent, name, 5);
        return out.ok() ? ErrorCode::ok : out.error().code;
    };
    CHECK(code(0, std::string(department_name_bytes_max, 'a')) == ErrorCode::ok);
    CHECK(code(0, std::string(department_name_bytes_max + 1, 'a')) == ErrorCode::invalid_argument);
    for (const auto* const wrong : {"", "a/b", "a\nb"})
        CHECK(code(0, wrong) == ErrorCode::invalid_argument);
    CHECK(code(77, "x") == ErrorCode::no_such_file);
    DepartmentRow above = 0;
    for (std::size_t depth = 1; depth <= department_depth_max; ++depth) {
        const auto made = directory.add_department(above, "deep", 5);
        REQUIRE(made.ok());
        above = made->id;
    }
    CHECK(code(above, "deeper") == ErrorCode::invalid_argument);
    CHECK(code(0, "deep") == ErrorCode::conflict);
    REQUIRE(directory.set_member({"ann", above, "", "", ""}).ok());
    CHECK(directory.remove_department(above).error().code == ErrorCode::conflict);
    directory.table().remove_member("ann");
    CHECK(directory.remove_department(above).ok());
    CHECK(directory.remove_department(above).error().code == ErrorCode::no_such_file);
    CHECK(directory.set_member({"ann", above, "", "", ""}).error().code == ErrorCode::no_such_file);
    CHECK(directory.set_member({"ann", 0, std::string(member_text_bytes_max, 'x'), "", ""}).ok());
    CHECK(directory.set_member({"ann", 0, std::string(member_text_bytes_max + 1, 'x'), "", ""}).error().code ==
          ErrorCode::invalid_argument);
    for (auto n = directory.table().department_count(); n < departments_max; ++n)
        REQUIRE(code(0, "d" + std::to_string(n)) == ErrorCode::ok);
    CHECK(code(0, "more") == ErrorCode::quota_exceeded);
    const auto report = office.import("user,department\nbo,brand new\n");
    CHECK(report.errors.size() == 1);
}

} // namespace godwit::relay::admin
