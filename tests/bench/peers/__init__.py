# SPDX-License-Identifier: Apache-2.0
"""The queues that newsloom is measured against, one module each: NAME, missing(), measure()."""
