import Foundation
import Testing

@testable import Reconciler

/// Plans with every kind of action and of exception, for what people and programs read.
enum ReportPlans {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)

    /// Texts that would do harm if they were taken for syntax.
    static let hostile = [
        "a|b", "`tick`", "``", "<img src=x onerror=alert(1)>", "@octocat", "#12", "](https://evil.example)",
        "</script><script>alert(1)</script>", "<!--", "</details>", "**bold** _it_ ~~no~~", "$x$ :smile:", "\\", "\\|",
        "{{ x }}", "https://evil.example www.evil.example a@evil.example", "\" onload=\"x", "' onload='x", "&lt;&#60;",
        "line\nbreak", "\u{1B}[2J\u{9B}2J", "\u{202E}desrever", "::error::x", "%0A", " ", "-- ==", "日本 phoenix",
        String(repeating: "<|`", count: 400),
    ]

    /// One device of each kind after the other: a first download, an enabling, a disabling, drift, a held one, one
    /// that is blocked, one that failed, one that is as desired.
    ///
    /// - Parameters:
    ///   - labels: of a device, by its number.
    ///   - account: of a device, by its number.
    static func plan(
        _ count: Int, labels: (Int) -> [String: String] = { ["site": "phoenix-\($0 % 12)"] },
        account: (Int) -> String = { "0342077109-0000\($0 / 8 % 3)" }
    ) async throws -> Plan {
        var yaml = """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: fleet}
            rollout: {maxChange: 10%}
            defaults: {smsrOid: \(Fleets.smsr)}
            devices:

            """
        for number in 0..<count {
            let state = number % 8 == 2 ? "downloaded-disabled" : "downloaded-enabled"
            let labels = labels(number).map { "\(quoted($0.key)): \(quoted($0.value))" }.sorted()
            yaml += """
                  - eid: "\(try Fleets.eid(number))"
                    iccid: "\(try Fleets.iccid(number))"
                    accountName: \(quoted(account(number)))
                    state: \(state)
                    labels: {\(labels.joined(separator: ", "))}

                """
        }
        let records =
            try (0..<count).compactMap(record) + [DeviceRecord(key: Fleets.key(count), account: Fleets.account)]
        return Planner(now: now).plan(desired: try await Fleets.fleet(yaml), known: KnownFleet(records))
    }

    /// A text as YAML, whatever it holds.
    static func quoted(_ text: String) -> String {
        let inside = text.unicodeScalars.map { scalar in
            let digits = String(scalar.value, radix: 16)
            let isPlain = scalar == " " || scalar.properties.isAlphabetic && scalar.isASCII
            return isPlain ? String(scalar) : "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
        return "\"\(inside.joined())\""
    }

    /// What is known of a device.
    static func record(_ number: Int) throws -> DeviceRecord? {
        try record(number, key: Fleets.key(number))
    }

    static func record(
        _ number: Int, key: DeviceKey, failure: String = "No memory is left, says @carrier | #7."
    ) throws -> DeviceRecord? {
        let states: [ProfileState?] = [
            nil, .downloadedDisabled, .downloadedEnabled, .notDownloaded, .unknown, .downloadedDisabled, .notDownloaded,
            .downloadedEnabled,
        ]
        guard let state = states[number % 8] else { return nil }
        var record = DeviceRecord(
            key: key, account: Fleets.account,
            observation: ProfileObservation(state: state, profileStatus: nil, at: now, source: .callback),
            service: number % 8 == 5 ? .suspended : .active, reached: number % 8 == 3 ? .downloadedEnabled : nil,
            version: Int64(number))
        if number % 8 == 6 {
            let failure = OperationFailure(
                code: "8.1,5.1", carrierText: nil, explanation: failure,
                remedy: .person)
            record.operation = Operation(
                id: OperationID(1), key: record.key, action: .downloadEnable, account: Fleets.account,
                smsr: Fleets.smsr, attempt: 2, request: RequestNumber(1), intendedAt: now - .seconds(60),
                phase: .failed(failure, retryAt: nil))
        }
        return record
    }
}

extension PlanJSON {
    /// The whole document.
    var text: String {
        var text: [UInt8] = []
        write { text += $0 }
        return String(decoding: text, as: UTF8.self)
    }
}

extension PlanPage {
    /// The whole page.
    var text: String {
        var text: [UInt8] = []
        write { text += $0 }
        return String(decoding: text, as: UTF8.self)
    }
}
