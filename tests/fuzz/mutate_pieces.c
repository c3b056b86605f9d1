/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* For inputs that are a row of pieces: what is done, the length in two bytes, a frame. */

#include "tests/fuzz/mutate.h"

#include <string.h>

#include "base/slice.h"
#include "proto/scan.h"

enum { HEAD_BYTES = 3, PIECES_MAX = 64, PIECE_BYTES_MAX = 65535 };

typedef struct Piece {
        size_t at, n; /* with its head */
} Piece;

static size_t split(const uint8_t *data, size_t n, Piece *pieces) {
        size_t n_pieces = 0;

        for (size_t at = 0; n_pieces < PIECES_MAX && n - at > HEAD_BYTES;) {
                size_t n_piece = HEAD_BYTES + ((size_t)data[at + 1] << 8 | data[at + 2]);

                n_piece = size_min(n_piece, n - at);
                pieces[n_pieces++] = (Piece){at, n_piece};
                at += n_piece;
        }
        return n_pieces;
}

static size_t replace(uint8_t *data, size_t n, Piece piece, size_t n_new, size_t n_max) {
        size_t n_rest = n - piece.at - piece.n;

        if (piece.at + n_new + n_rest > n_max)
                return 0;
        memmove(data + piece.at + n_new, data + piece.at + piece.n, n_rest);
        return piece.at + n_new + n_rest;
}

static size_t change(uint8_t *data, size_t n, Piece piece, size_t n_max, unsigned seed) {
        static uint8_t room[PIECE_BYTES_MAX];
        size_t n_frame = piece.n - HEAD_BYTES, n_all;

        if (n_frame > sizeof room)
                return 0;
        memcpy(room, data + piece.at + HEAD_BYTES, n_frame);
        n_frame = mutate_frame(room, n_frame, sizeof room, seed);
        n_all = n_frame ? replace(data, n, piece, HEAD_BYTES + n_frame, n_max) : 0;
        if (!n_all)
                return 0;
        data[piece.at + 1] = (uint8_t)(n_frame >> 8);
        data[piece.at + 2] = (uint8_t)n_frame;
        memcpy(data + piece.at + HEAD_BYTES, room, n_frame);
        return n_all;
}

/* The piece stands twice; what is in between is asked for again. */
static size_t repeat(uint8_t *data, size_t n, Piece piece, Piece before, size_t n_max) {
        static uint8_t room[HEAD_BYTES + PIECE_BYTES_MAX];

        if (n + piece.n > n_max)
                return 0;
        memcpy(room, data + piece.at, piece.n);
        memmove(data + before.at + piece.n, data + before.at, n - before.at);
        memcpy(data + before.at, room, piece.n);
        return n + piece.n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t n_max, unsigned seed) {
        Piece pieces[PIECES_MAX];
        size_t n_pieces = split(data, n, pieces), n_new = 0;
        unsigned more = seed / 8;
        Piece piece = n_pieces ? pieces[more % n_pieces] : (Piece){0, 0};

        if (n_pieces)
                switch (seed % 8) {
                case 0: n_new = replace(data, n, piece, 0, n_max); break;
                case 1: n_new = repeat(data, n, piece, pieces[more / 64 % n_pieces], n_max); break;
                case 2:
                        data[piece.at] = (uint8_t)(more >> 8);
                        n_new = n;
                        break;
                case 3: break;
                default: n_new = change(data, n, piece, n_max, more); break;
                }
        return n_new ? n_new : LLVMFuzzerMutate(data, n, n_max);
}
