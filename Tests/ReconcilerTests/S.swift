import Testing
@testable import Reconciler
@Test func a() {}
