# SPDX-License-Identifier: Apache-2.0
"""The messages of proto/, generated when the package is built: article_pb2, extraction_pb2, wire_pb2."""
