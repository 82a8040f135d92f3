import Foundation

extension RolloutPolicy {
    /// Decodes `rollout:`; what cannot be read is complained of and left at its default.
    init(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "rollout", known: ManifestShape.rollout.keys, complaints: &complaints)
        else { return }
        batchSize =
            reader.scalar(
                "batchSize", expected: "a number from 1 to 200 (the most that the carrier's documents allow)",
                complaints: &complaints, parse: { Self.whole($0, in: 1...200) }) ?? batchSize
        maxInFlight =
            reader.scalar(
                "maxInFlight", expected: "a number from 1 to 1000000", complaints: &complaints,
                parse: { Self.whole($0, in: 1...1_000_000) }) ?? maxInFlight
        requestsPerSecond =
            reader.scalar(
                "requestsPerSecond", expected: "a number above 0, at most 10000", complaints: &complaints,
                parse: { Self.decimal($0).flatMap { $0 > 0 && $0 <= 10_000 ? $0 : nil } }) ?? requestsPerSecond
        maxChange =
            reader.scalar(
                "maxChange", expected: "a share from 0% to 100%", complaints: &complaints,
                parse: { Self.percent($0) }) ?? maxChange
        takeWaves(reader, complaints: &complaints)
        if let node = reader.node("windows") {
            windows = MaintenanceWindows(
                node, file: file, path: reader.path(to: "windows"), complaints: &complaints)
        }
        takeAbortRule(reader, complaints: &complaints)
    }

    private mutating func takeAbortRule(_ reader: MappingReader, complaints: inout ComplaintList) {
        guard let node = reader.node("abortWhen"), !node.isNull,
            let rule = MappingReader(
                node, file: reader.file, path: reader.path(to: "abortWhen"), known: ManifestShape.abortRule.keys,
                complaints: &complaints)
        else { return }
        let atLeast = rule.scalar(
            "atLeast", expected: "a number of devices", complaints: &complaints,
            parse: { Self.whole($0, in: 0...1_000_000_000) })
        guard rule.node("failed") != nil else {
            return rule.missing(
                "failed", expected: "a share such as 5%, or a number of devices", complaints: &complaints)
        }
        let failed = rule.scalar(
            "failed", expected: "a share such as 5%, or a number of devices", complaints: &complaints,
            parse: { Amount($0) })
        if let failed { abortWhen = AbortRule(failed: failed, atLeast: atLeast ?? 0) }
        labelPlaces.abortRule = SourcePlace(file: reader.file, mark: node.mark)
    }

    fileprivate static func whole(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text), range.contains(number) else {
            return nil
        }
        return number
    }

    fileprivate static func decimal(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E }) else { return nil }
        return Double(text)
    }

    fileprivate static func percent(_ text: String) -> Double? {
        guard text.hasSuffix("%"), let number = decimal(text.dropLast().trimmingCharacters(in: .whitespaces)),
            0...100 ~= number
        else { return nil }
        return number
    }
}

extension RolloutPolicy.Amount {
    /// Reads a share (`5%`) or a number of devices (`20`).
    init?(_ text: String) {
        if let percent = RolloutPolicy.percent(text) {
            self = .percent(percent)
        } else if let count = RolloutPolicy.whole(text, in: 0...1_000_000_000) {
            self = .devices(count)
        } else {
            return nil
        }
    }
}
