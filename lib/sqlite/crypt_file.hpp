// SPDX-License-Identifier: Apache-2.0
// What SQLite sees of a file, in C++: one implementation for the main file, one for the WAL. Return values are SQLite
// result codes, so that SQLite's own error handling stays in charge.
#pragma once

#include <cstddef>
#include <cstdint>

namespace godwit::sqlite {

class CryptFile {
public:
    virtual ~CryptFile() = default;
    virtual int read(std::uint8_t* out, std::size_t size, std::uint64_t offset) = 0;
    virtual int write(const std::uint8_t* in, std::size_t size, std::uint64_t offset) = 0;
    virtual int truncate(std::uint64_t size) = 0;
    virtual int sync(int flags) = 0;
    virtual int size(std::uint64_t& out) = 0;
    virtual int control(int op, void* arg) = 0;
    virtual int sector_bytes() = 0;
    virtual int characteristics() = 0;
};

} // namespace godwit::sqlite
