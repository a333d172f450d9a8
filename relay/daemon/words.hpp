// SPDX-License-Identifier: Apache-2.0
// Private to the commands: what they say, and the exit codes of all of them (man godwit-relay).
#pragma once

#include <godwit/result.hpp>

#include <cstdio>
#include <string>

namespace godwit::relay {

enum Exit : int { done = 0, not_done = 1, damaged = 5, in_use = 7 };

inline void say(const std::string& line)
{
    std::fputs((line + "\n").c_str(), stdout);
}

inline int refused(const std::string& why, int code = not_done)
{
    std::fputs(("godwit-relay: " + why + "\n").c_str(), stderr);
    return code;
}

inline int refused(const Error& why)
{
    return refused(why.detail, why.code == ErrorCode::storage_in_use    ? in_use
                               : why.code == ErrorCode::storage_corrupt ? damaged
                                                                        : not_done);
}

} // namespace godwit::relay
