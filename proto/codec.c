/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Encoding and decoding are one walk over the rows each. Both end in the same limit checks, so
 * that what one refuses the other does not make. msgpack-c writes; reading goes over the scanned
 * bytes in place, because msgpack-c's reader would build a second, larger tree first
 * (docs/decisions/008-decoding-in-place.md).
 */

#include "proto/codec.h"

#include <msgpack.h>

#include "base/utf8.h"
#include "proto/scan.h"

static int refuse(CodecFault *fault, const FieldSpec *field, const char *reason) {
        if (fault)
                *fault = (CodecFault){.field = field ? field->name : NULL, .reason = reason};
        return CODEC_E_REFUSED;
}

/* Adds, on the way up, whose field it was. */
static int refused_in_record(CodecFault *fault, const FieldSpec *list) {
        if (fault && !fault->record)
                fault->record = record_spec(list->record)->name;
        return CODEC_E_REFUSED;
}

static int refused_in_message(CodecFault *fault, const MessageSpec *spec) {
        if (fault)
                fault->message = spec->body.name;
        return CODEC_E_REFUSED;
}

/* ---- limits: a sentence, or NULL where the value is within them ---- */

static const char *length_fault(Slice value, uint64_t least, uint64_t most) {
        if (value.n < least)
                return "is shorter than its least length";
        return value.n > most ? "is longer than its greatest length" : NULL;
}

static const char *text_fault(Slice text, uint64_t least, uint64_t most) {
        const char *fault = length_fault(text, least, most);

        if (fault)
                return fault;
        if (text.n && memchr(text.data, 0, text.n))
                return "holds a NUL";
        return utf8_is_valid(text) ? NULL : "is not UTF-8";
}

static const char *number_fault(const FieldSpec *field, uint64_t value) {
        if (value < field->least)
                return "is below its least value";
        return value > field->most ? "is above its greatest value" : NULL;
}

static const char *count_fault(const FieldSpec *field, uint64_t n) {
        if (n == 0)
                return "is there without an item";
        return n > field->items_max ? "has too many items" : NULL;
}

/* ---- encoding ---- */

typedef struct Encoder {
        msgpack_packer packer;
        CodecFault *fault;
} Encoder;

/* msgpack-c gives up where this returns other than 0; the buffer remembers it anyway. */
static int on_bytes(void *data, const char *bytes, size_t n) {
        Buf *frame = data;

        buf_append(frame, bytes, n);
        return frame->is_full ? -1 : 0;
}

static void pack_text(Encoder *encoder, Slice text) {
        (void)msgpack_pack_str(&encoder->packer, text.n);
        (void)msgpack_pack_str_body(&encoder->packer, text.data, text.n);
}

static int encode_texts(Encoder *encoder, const FieldSpec *field, const void *body) {
        const Slice *texts = field_texts(field, body);
        size_t n = field_count(field, body);
        const char *fault = count_fault(field, n);

        if (fault)
                return refuse(encoder->fault, field, fault);
        (void)msgpack_pack_array(&encoder->packer, n);
        for (size_t i = 0; i < n; i++) {
                fault = text_fault(texts[i], field->least, field->most);
                if (fault)
                        return refuse(encoder->fault, field, fault);
                pack_text(encoder, texts[i]);
        }
        return 0;
}

static int encode_plain(Encoder *encoder, const FieldSpec *field, const void *body) {
        const char *fault = NULL;
        uint64_t number;
        Slice slice;
        int word;

        switch (field->kind) {
        case FIELD_U64:
                number = field_u64(field, body);
                fault = number_fault(field, number);
                (void)msgpack_pack_uint64(&encoder->packer, number);
                break;
        case FIELD_WORD:
                word = field_word(field, body);
                if (word < 0 || (size_t)word >= field->words->n_rows)
                        fault = "is none of its words";
                pack_text(encoder, slice_text(word_of(field->words, word)));
                break;
        case FIELD_TEXT:
                slice = field_slice(field, body);
                fault = text_fault(slice, field->least, field->most);
                pack_text(encoder, slice);
                break;
        case FIELD_BYTES:
                slice = field_slice(field, body);
                fault = length_fault(slice, field->least, field->most);
                (void)msgpack_pack_bin(&encoder->packer, slice.n);
                (void)msgpack_pack_bin_body(&encoder->packer, slice.data, slice.n);
                break;
        case FIELD_TEXTS:
        case FIELD_LIST: break;
        }
        return fault ? refuse(encoder->fault, field, fault) : 0;
}

static int encode_record(Encoder *encoder, const RecordSpec *spec, const void *body);

static int encode_list(Encoder *encoder, const FieldSpec *field, const void *body) {
        size_t n = field_count(field, body);
        const char *fault = count_fault(field, n);

        if (fault)
                return refuse(encoder->fault, field, fault);
        (void)msgpack_pack_array(&encoder->packer, n);
        for (size_t i = 0; i < n; i++)
                if (encode_record(encoder, record_spec(field->record), field_item(field, body, i)))
                        return refused_in_record(encoder->fault, field);
        return 0;
}

static int encode_value(Encoder *encoder, const FieldSpec *field, const void *body) {
        if (field->kind == FIELD_TEXTS)
                return encode_texts(encoder, field, body);
        if (field->kind == FIELD_LIST)
                return encode_list(encoder, field, body);
        return encode_plain(encoder, field, body);
}

static int encode_record(Encoder *encoder, const RecordSpec *spec, const void *body) {
        uint64_t present = body_present(body);
        size_t n = 0;

        for (size_t i = 0; i < spec->n_fields; i++) {
                const FieldSpec *field = &spec->fields[i];

                if (field_is_present(present, field->tag))
                        n++;
                else if (field->presence == REQUIRED)
                        return refuse(encoder->fault, field, "is missing");
        }
        (void)msgpack_pack_map(&encoder->packer, n);
        for (size_t i = 0; i < spec->n_fields; i++) {
                const FieldSpec *field = &spec->fields[i];

                if (!field_is_present(present, field->tag))
                        continue;
                (void)msgpack_pack_uint8(&encoder->packer, field->tag);
                if (encode_value(encoder, field, body))
                        return CODEC_E_REFUSED;
        }
        return 0;
}

int codec_encode(const Message *message, Buf *frame, CodecFault *reterr_fault) {
        const MessageSpec *spec = message_spec(message->type);
        Encoder encoder = {.fault = reterr_fault};
        bool was_full = frame->is_full;
        size_t n_before = frame->n;
        int r;

        if (!spec)
                return refuse(reterr_fault, NULL, "is no message of this protocol");
        frame->is_full = false;
        msgpack_packer_init(&encoder.packer, frame, on_bytes);
        (void)msgpack_pack_array(&encoder.packer, 2);
        (void)msgpack_pack_uint64(&encoder.packer, (uint64_t)spec->type);
        r = encode_record(&encoder, &spec->body, message_body_const(message));
        if (!r && (frame->is_full || frame->n - n_before > FRAME_MAX))
                r = refuse(reterr_fault, NULL, "is too large for a frame");
        frame->is_full = was_full;
        if (!r)
                return 0;
        frame->n = n_before;
        return refused_in_message(reterr_fault, spec);
}

/* ---- decoding ---- */

typedef struct Decoder {
        bool is_answer;
        bool skips_newer; /* fields that stand behind those of the rows */
        Slice rest;
        Arena *arena;
        CodecFault *fault;
} Decoder;

static int read_head(Decoder *decoder, ScanKind kind, uint64_t *ret_value) {
        ScanHead head;

        if (scan_head(decoder->rest, &head) || head.kind != kind)
                return CODEC_E_REFUSED;
        decoder->rest = slice_from(decoder->rest, head.n_bytes);
        *ret_value = head.value;
        return 0;
}

/* A TEXT or BYTES value where it stands in the frame. */
static int read_slice(Decoder *decoder, ScanKind kind, Slice *ret_slice) {
        uint64_t n;

        if (read_head(decoder, kind, &n) || n > decoder->rest.n)
                return CODEC_E_REFUSED;
        *ret_slice = slice_head(decoder->rest, n);
        decoder->rest = slice_from(decoder->rest, n);
        return 0;
}

static int decode_u64(Decoder *decoder, const FieldSpec *field, void *body) {
        const char *fault;
        uint64_t number;

        if (read_head(decoder, SCAN_UINT, &number))
                return refuse(decoder->fault, field, "is not a number");
        fault = number_fault(field, number);
        if (fault)
                return refuse(decoder->fault, field, fault);
        *(uint64_t *)field_at(field, body) = number;
        return 0;
}

static int decode_word(Decoder *decoder, const FieldSpec *field, void *body) {
        Slice word;
        int value;

        if (read_slice(decoder, SCAN_TEXT, &word))
                return refuse(decoder->fault, field, "is not a word");
        value = word_find(field->words, word);
        if (value < 0)
                return refuse(decoder->fault, field, "is none of its words");
        memcpy(field_at(field, body), &value, sizeof value);
        return 0;
}

static int decode_slice(Decoder *decoder, const FieldSpec *field, void *body) {
        bool is_text = field->kind == FIELD_TEXT;
        const char *fault;
        Slice slice;

        if (read_slice(decoder, is_text ? SCAN_TEXT : SCAN_BYTES, &slice))
                return refuse(decoder->fault, field, is_text ? "is not a text" : "is not bytes");
        fault = is_text ? text_fault(slice, field->least, field->most)
                        : length_fault(slice, field->least, field->most);
        if (fault)
                return refuse(decoder->fault, field, fault);
        *(Slice *)field_at(field, body) = slice;
        return 0;
}

static size_t value_bytes_least(const FieldSpec *field) {
        switch (field->kind) {
        case FIELD_U64: return 1;
        case FIELD_WORD:
        case FIELD_BYTES: return 2;
        case FIELD_TEXT: return 1 + field->least;
        case FIELD_TEXTS:
        case FIELD_LIST: return 1 + codec_item_bytes_least(field);
        }
        return 1;
}

/* A head and what is required, each behind its tag. */
size_t codec_item_bytes_least(const FieldSpec *list) {
        const RecordSpec *spec = list->kind == FIELD_LIST ? record_spec(list->record) : NULL;
        size_t n = 1;

        if (!spec)
                return 1 + list->least;
        for (size_t i = 0; i < spec->n_fields; i++)
                if (spec->fields[i].presence == REQUIRED)
                        n += 1 + value_bytes_least(&spec->fields[i]);
        return n;
}

/* The count of a list, limited by its row and by the bytes that are there: what is allocated for
 * it is in proportion to the frame. */
static int read_count(Decoder *decoder, const FieldSpec *field, size_t *ret_n) {
        const char *fault;
        uint64_t n;

        if (read_head(decoder, SCAN_ARRAY, &n))
                return refuse(decoder->fault, field, "is not a list");
        fault = n > decoder->rest.n / codec_item_bytes_least(field) ? "declares more than there is"
                                                                    : count_fault(field, n);
        if (fault)
                return refuse(decoder->fault, field, fault);
        *ret_n = n;
        return 0;
}

static int decode_texts(Decoder *decoder, const FieldSpec *field, void *body) {
        Slice *texts;
        size_t n;

        if (read_count(decoder, field, &n))
                return CODEC_E_REFUSED;
        texts = arena_alloc_array(decoder->arena, n, sizeof *texts);
        for (size_t i = 0; i < n; i++) {
                const char *fault;

                if (read_slice(decoder, SCAN_TEXT, &texts[i]))
                        return refuse(decoder->fault, field, "is not a list of texts");
                fault = text_fault(texts[i], field->least, field->most);
                if (fault)
                        return refuse(decoder->fault, field, fault);
        }
        *(Slice **)field_at(field, body) = texts;
        *field_count_at(field, body) = n;
        return 0;
}

static int decode_record(Decoder *decoder, const RecordSpec *spec, void *body);

static int decode_list(Decoder *decoder, const FieldSpec *field, void *body) {
        const RecordSpec *spec = record_spec(field->record);
        uint8_t *items;
        size_t n;

        if (read_count(decoder, field, &n))
                return CODEC_E_REFUSED;
        items = arena_alloc_array(decoder->arena, n, spec->struct_bytes);
        for (size_t i = 0; i < n; i++)
                if (decode_record(decoder, spec, items + i * spec->struct_bytes))
                        return refused_in_record(decoder->fault, field);
        memcpy(field_at(field, body), &items, sizeof items);
        *field_count_at(field, body) = n;
        return 0;
}

static int decode_value(Decoder *decoder, const FieldSpec *field, void *body) {
        switch (field->kind) {
        case FIELD_U64: return decode_u64(decoder, field, body);
        case FIELD_WORD: return decode_word(decoder, field, body);
        case FIELD_TEXT:
        case FIELD_BYTES: return decode_slice(decoder, field, body);
        case FIELD_TEXTS: return decode_texts(decoder, field, body);
        case FIELD_LIST: return decode_list(decoder, field, body);
        }
        return CODEC_E_REFUSED;
}

/* Passes over the rows before `tag`; none of them may be required. */
static int skip_absent(Decoder *decoder, const RecordSpec *spec, uint64_t tag, size_t *index) {
        for (; *index < spec->n_fields && spec->fields[*index].tag < tag; ++*index)
                if (spec->fields[*index].presence == REQUIRED)
                        return refuse(decoder->fault, &spec->fields[*index], "is missing");
        return 0;
}

static bool is_newer(const Decoder *decoder, const RecordSpec *spec, uint64_t tag,
                     uint64_t newest) {
        return decoder->skips_newer && tag > newest && tag > spec->fields[spec->n_fields - 1].tag;
}

static int skip_value(Decoder *decoder) {
        size_t n_bytes;

        if (scan_object(decoder->rest, &n_bytes))
                return refuse(decoder->fault, NULL, "has a field that is not whole");
        decoder->rest = slice_from(decoder->rest, n_bytes);
        return 0;
}

static int decode_field(Decoder *decoder, const RecordSpec *spec, uint64_t tag, size_t index,
                        void *body) {
        if (index == spec->n_fields || spec->fields[index].tag != tag)
                return refuse(decoder->fault, NULL, "has an unknown or misplaced tag");
        return decode_value(decoder, &spec->fields[index], body);
}

/* A merge of two ascending lists, the rows and what is there: an unknown tag, a second one and one
 * out of order all end in the same place. */
static int decode_record(Decoder *decoder, const RecordSpec *spec, void *body) {
        uint64_t n, present = 0, newest = 0;
        size_t index = 0;

        if (read_head(decoder, SCAN_MAP, &n))
                return refuse(decoder->fault, NULL, "is not a map of fields");
        for (uint64_t i = 0; i < n; i++) {
                uint64_t tag;

                if (read_head(decoder, SCAN_UINT, &tag))
                        return refuse(decoder->fault, NULL, "has a tag that is not a number");
                if (skip_absent(decoder, spec, tag, &index))
                        return CODEC_E_REFUSED;
                if (is_newer(decoder, spec, tag, newest)) {
                        if (skip_value(decoder))
                                return CODEC_E_REFUSED;
                        newest = tag;
                        continue;
                }
                if (decode_field(decoder, spec, tag, index, body))
                        return CODEC_E_REFUSED;
                present |= UINT64_C(1) << tag;
                index++;
        }
        *(uint64_t *)body = present;
        return skip_absent(decoder, spec, UINT64_MAX, &index);
}

static int decode_scanned(Decoder *decoder, Message *message) {
        const MessageSpec *spec;
        uint64_t n, number;

        if (read_head(decoder, SCAN_ARRAY, &n) || n != 2 || read_head(decoder, SCAN_UINT, &number))
                return refuse(decoder->fault, NULL, "is not a number and a map");
        spec = number <= INT32_MAX ? message_spec((MessageType)number) : NULL;
        if (!spec)
                return refuse(decoder->fault, NULL, "has an unknown number");
        message->type = spec->type;
        decoder->skips_newer = decoder->is_answer && spec->type == MESSAGE_STATUS;
        if (decode_record(decoder, &spec->body, message_body(message)))
                return refused_in_message(decoder->fault, spec);
        return 0;
}

static int decode(Decoder *decoder, Message *ret_message) {
        Message message;
        int r;

        if (decoder->rest.n > FRAME_MAX)
                return refuse(decoder->fault, NULL, "is too large for a frame");
        r = scan_frame(decoder->rest);
        if (r)
                return refuse(decoder->fault, NULL, scan_reason(r));
        memset(&message, 0, sizeof message);
        if (decode_scanned(decoder, &message))
                return CODEC_E_REFUSED;
        *ret_message = message;
        return 0;
}

int codec_decode(Slice frame, Arena *arena, Message *ret_message, CodecFault *reterr_fault) {
        Decoder decoder = {.rest = frame, .arena = arena, .fault = reterr_fault};

        return decode(&decoder, ret_message);
}

int codec_decode_answer(Slice frame, Arena *arena, Message *ret_message, CodecFault *reterr_fault) {
        Decoder decoder = {.is_answer = true, .rest = frame, .arena = arena, .fault = reterr_fault};

        return decode(&decoder, ret_message);
}

void codec_fault_to_fault(const CodecFault *codec_fault, Fault *ret_fault) {
        fault_set(ret_fault, "frame-malformed", "%s %s",
                  codec_fault->field     ? codec_fault->field
                  : codec_fault->record  ? codec_fault->record
                  : codec_fault->message ? codec_fault->message
                                         : "the frame",
                  codec_fault->reason);
        fault_place(ret_fault, "%s%s%s%s%s", codec_fault->message ? codec_fault->message : "frame",
                    codec_fault->record ? "." : "", codec_fault->record ? codec_fault->record : "",
                    codec_fault->field ? "." : "", codec_fault->field ? codec_fault->field : "");
}
