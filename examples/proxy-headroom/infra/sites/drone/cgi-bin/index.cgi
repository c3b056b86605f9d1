#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The coldgate authors
printf 'Status: 303 See Other\r\nLocation: /login/\r\nContent-Type: text/plain\r\n\r\nto /login/\n'
