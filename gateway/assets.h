// SPDX-License-Identifier: Apache-2.0
/*
 * assets - files of this folder that are served as they are, each with a zero byte behind it.
 */
#ifndef GATEWAY_ASSETS_H
#define GATEWAY_ASSETS_H

extern const unsigned char asset_openapi[]; /* openapi.json */
extern const unsigned long asset_openapi_size;
extern const unsigned char asset_style[]; /* page.css */
extern const unsigned long asset_style_size;
extern const unsigned char asset_script[]; /* page.js */
extern const unsigned long asset_script_size;

#endif
