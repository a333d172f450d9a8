// SPDX-License-Identifier: Apache-2.0
// Private to wire: structs whose last field is a signature over what stands before it. Each has its fields but the
// signature in signed_fields().
#pragma once

#include "lib/wire/codec.hpp"

namespace godwit::wire {

/// `context`, then the encoding without its last field.
template <class Signed>
Bytes signed_bytes(std::string_view context, const Signed& what)
{
    FieldCount counter;
    signed_fields(counter, what);
    Encoder encoder;
    encoder.open_array(1 + counter.count);
    encoder.number(Signed::wire_kind);
    signed_fields(encoder, what);
    const auto encoded = encoder.take();
    Bytes out;
    out.reserve(context.size() + encoded.size());
    append(out, as_bytes(context));
    append(out, encoded);
    return out;
}

/// What is signed has one encoding: what follows the signature would not be signed.
template <class Signed>
Result<Signed> decode_signed(BytesView bytes, std::size_t bytes_max)
{
    auto out = decode_alone<Signed>(bytes, bytes_max);
    if (!out.ok()) return out;
    const auto again = encode(*out);
    if (again.size() != bytes.size()) return Error{ErrorCode::malformed, "a field follows the signature", 0};
    return out;
}

} // namespace godwit::wire
