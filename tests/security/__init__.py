# SPDX-License-Identifier: Apache-2.0
"""What the end to end and the fault tests share: real programs, a private PostgreSQL, and clients
of the contract written in a second language from proto/ alone."""
