/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries come in the order of the listing, which only the tree decides. */

#include "verify/inputs.h"

#include "base/mem.h"
#include "base/text.h"
#include "verify/listing.h"

/* Whether any glob matches; each that does is remembered. */
static bool match(const Gate *gate, Slice path, bool *is_used) {
        bool is_matched = false;

        for (size_t i = 0; i < gate->n_inputs; i++) {
                if (!plan_glob_matches(gate->inputs[i], path))
                        continue;
                is_used[i] = true;
                is_matched = true;
        }
        return is_matched;
}

static void add_entries(const Listing *listing, const Gate *gate, bool *is_used, Hasher *hasher) {
        cleanup_buf Buf path = BUF_TEXT;

        for (size_t i = 0; i < listing->n_dirs; i++) {
                const ListingDir *dir = &listing->dirs[i];

                for (size_t k = dir->first; k < dir->first + dir->n; k++) {
                        const ListingEntry *entry = &listing->entries[k];

                        if (entry->kind == ENTRY_DIR)
                                continue;
                        listing_get_path(listing, i, entry->name, &path);
                        if (!match(gate, buf_get(&path), is_used))
                                continue;
                        hash_add_field(hasher, buf_get(&path));
                        hash_add_u64(hasher, (uint64_t)entry->kind);
                        hash_add_field(hasher, slice_make(entry->id.bytes, OBJECT_ID_BYTES));
                }
        }
}

int inputs_digest(const char *mirror_path, const char *tree, const Gate *gate, Hash *ret_digest,
                  Fault *reterr_fault) {
        cleanup_free bool *is_used = mem_new_array(bool, gate->n_inputs + 1);
        cleanup_listing Listing listing = LISTING_INIT;
        Hasher hasher;
        int r = listing_open(mirror_path, tree, &tree_limits_default, &listing, reterr_fault);

        if (r != 0)
                return r;
        hash_start(&hasher);
        add_entries(&listing, gate, is_used, &hasher);
        for (size_t i = 0; i < gate->n_inputs; i++) {
                cleanup_buf Buf shown = BUF_TEXT;

                if (is_used[i])
                        continue;
                text_make_name_visible(gate->inputs[i], &shown);
                fault_set(reterr_fault, "vacuous", "`inputs`: `%s` matches nothing in this commit",
                          buf_get_text(&shown));
                return PREP_E_FAIL;
        }
        hash_finish(&hasher, ret_digest);
        return 0;
}
