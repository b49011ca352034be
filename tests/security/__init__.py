# SPDX-License-Identifier: Apache-2.0
"""Who may come in, what they may do there, and what a hostile client costs the honest ones."""
