//! Mocks, builders and the conformance suites of every port.
