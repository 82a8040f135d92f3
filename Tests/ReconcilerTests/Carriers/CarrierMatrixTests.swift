import Foundation
import Simulator
import Testing

@testable import Reconciler

/// Every carrier that behaves badly, with every kind of run and of store (`make carriers`), or each carrier once.
@Suite("Every carrier that behaves badly")
struct CarrierMatrixTests {
    @Test("no download twice, nothing known falsely, who waits is named", .timeLimit(.minutes(120)))
    func matrix() async throws {
        let cells = CarrierSuite.isLong ? CarrierCell.all : CarrierCell.few
        let outcomes = try await CarrierSuite.run(cells)
        if CarrierSuite.isLong, let path = CarrierSuite.tablePath {
            try Data(try CarrierTable(outcomes).text.utf8).write(to: URL(fileURLWithPath: path))
        }
    }

    @Test("the short form has every kind of run and store, and each carrier")
    func rotation() {
        let cells = CarrierCell.few
        #expect(Set(cells.map { "\($0.run) \($0.store)" }).count == 12)
        #expect(Set(cells.flatMap(\.behaviors)) == Set(CarrierBehavior.allCases))
    }
}

/// How much is run, and how.
enum CarrierSuite {
    private static let environment = ProcessInfo.processInfo.environment
    static let isLong = environment["CARRIERS"] == "all"
    static let mixes = environment["CARRIER_MIXES"].flatMap { UInt64($0) } ?? 6
    static let firstSeed = environment["CARRIER_SEED"].flatMap { UInt64($0) } ?? 1
    static let tablePath = environment["CARRIERS_TABLE"]
    /// Runs that wait for each other's seats no longer than they must.
    private static let width = 6

    /// Runs cells beside each other, and fails the test for each thing that must not be.
    static func run(_ cells: [CarrierCell]) async throws -> [CarrierOutcome] {
        try await withThrowingTaskGroup(of: (Int, CarrierOutcome).self) { group in
            var outcomes: [Int: CarrierOutcome] = [:]
            var next = 0
            func begin() {
                guard next < cells.count else { return }
                let (number, cell) = (next, cells[next])
                next += 1
                group.addTask { (number, try await CarrierRun.run(cell)) }
            }
            for _ in 0..<width { begin() }
            while let (number, outcome) = try await group.next() {
                judge(outcome)
                outcomes[number] = outcome
                begin()
            }
            return outcomes.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private static func judge(_ outcome: CarrierOutcome) {
        for violation in outcome.violations {
            if knownFailures.contains(where: { $0.explains(violation, in: outcome.cell) }) { continue }
            Issue.record("\(outcome.cell): \(violation)")
        }
    }
}
