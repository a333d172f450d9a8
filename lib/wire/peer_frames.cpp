// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/codec.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, peer::Deliver>& v)
{
    message_envelope(c, v.envelope);
}

template <class C>
void fields(C& c, Of<C, peer::Receipt>& v)
{
    c.list(v.ids, receipt_ids_max, fixed_item);
    c.later(v.quiet, [&] { c.flag(v.quiet); });
}

template <class C>
void fields(C& c, Of<C, peer::Unopened>& v)
{
    c.list(v.ids, receipt_ids_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, peer::GroupHead>& v)
{
    c.fixed(v.conversation);
    c.number(v.incarnation);
    c.number(v.epoch);
    c.fixed(v.authenticator);
}

template <class C>
void fields(C& c, Of<C, peer::Ping>& v)
{
    c.number(v.token);
}

template <class C>
void fields(C& c, Of<C, peer::Pong>& v)
{
    c.number(v.token);
}

template <class C>
void fields(C& c, Of<C, peer::FileQuery>& v)
{
    c.fixed(v.file);
}

template <class C>
void fields(C& c, Of<C, peer::FileHave>& v)
{
    c.fixed(v.file);
    c.number(v.size_bytes);
    c.list(v.pieces, piece_ranges_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, peer::FileWant>& v)
{
    c.fixed(v.file);
    c.list(v.pieces, piece_ranges_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, peer::FilePiece>& v)
{
    c.fixed(v.file);
    c.number(v.piece);
    c.blob(v.bytes, 1, piece_bytes_max);
}

template <class C>
void fields(C& c, Of<C, peer::FileGone>& v)
{
    c.fixed(v.file);
}

Bytes encode(const peer::Frame& frame)
{
    return encode_variant(frame);
}

Result<peer::Frame> decode_peer_frame(BytesView bytes)
{
    return decode_variant<peer::Frame>(bytes, frame_bytes_max);
}

} // namespace godwit::wire
