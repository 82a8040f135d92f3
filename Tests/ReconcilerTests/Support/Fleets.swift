import Testing

@testable import Reconciler

/// Devices and fleets for tests; identifiers are valid and depend on a number.
enum Fleets {
    static let account = AccountName("0342077109-00001")
    static let smsr = SmsrOid("1.3.6.1.4.1.31746.1.500.200.101.5")

    static func eid(_ number: Int) throws -> EID {
        let body = "89049032" + String(repeating: "0", count: 22 - String(number).count) + String(number)
        let remainder = (body + "00").reduce(0) { ($0 * 10 + ($1.wholeNumberValue ?? 0)) % 97 }
        let check = 98 - remainder
        return try #require(EID(body + (check < 10 ? "0" : "") + String(check)))
    }

    static func iccid(_ number: Int) throws -> ICCID {
        let body = "8914800000" + String(repeating: "0", count: 9 - String(number).count) + String(number)
        var sum = 0
        for (offset, digit) in body.reversed().enumerated() {
            let value = (digit.wholeNumberValue ?? 0) * (offset % 2 == 0 ? 2 : 1)
            sum += value > 9 ? value - 9 : value
        }
        return try #require(ICCID(body + String((10 - sum % 10) % 10)))
    }

    static func key(_ number: Int) throws -> DeviceKey {
        DeviceKey(eid: try eid(number), iccid: try iccid(number))
    }

    /// The roll-out policy of a fleet whose calls wait for no turn.
    static let quick = "rollout: {requestsPerSecond: 1000}"

    /// A manifest of `count` devices, one line each.
    static func yaml(
        _ count: Int, name: String = "fleet", state: String = "downloaded-enabled", rollout: String = "",
        imeis: Bool = false, from first: Int = 0
    ) throws -> String {
        var text = """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: \(name)}
            defaults:
              accountName: "\(account)"
              smsrOid: \(smsr)
              state: \(state)
            \(rollout)
            devices:

            """
        for number in first..<first + count {
            let imei = imeis ? ", imei: \"\(350_000_000_000_000 + number)\"" : ""
            text += "  - {eid: \"\(try eid(number))\", iccid: \"\(try iccid(number))\"\(imei)}\n"
        }
        return text
    }

    /// Reads YAML text; fails the test if it is not valid.
    ///
    /// - Parameter hasWavesOfNobody: whether labels of a wave may be those of no device. In a manifest that is an error; a
    ///   run may still meet it, in a part of a fleet or in a plan that was saved before.
    static func fleet(_ yaml: String, hasWavesOfNobody: Bool = false) async throws -> DesiredFleet {
        let loaded = await ManifestLoader(standardInput: { .init(yaml.utf8) }).load(["-"])
        let errors = loaded.complaints.filter {
            $0.severity == .error && !(hasWavesOfNobody && $0.path.hasPrefix("rollout.waves"))
        }
        try #require(errors.isEmpty, "\(errors.map(\.text))")
        return loaded.fleet
    }
}
