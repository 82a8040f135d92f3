import Testing

@testable import Reconciler

/// A controller in the middle of its work, as the board and the store show it.
enum SampleController {
    /// What somebody could write into any text who wants to get into a page: markup, the end of an attribute in two
    /// spellings (the second one is another character than a quotation mark to Swift), a template, another direction.
    static let hostile =
        "\"><script>alert(1)</script>\"\u{301} onfocus='alert(2)' x=\"</title>{{{frame}}}&lt;\u{202E}\u{0}&amp;<\u{301}b>"

    static func status(now: Timestamp) throws -> ControllerStatus {
        var status = ControllerStatus(
            startedAt: now - .seconds(86_400 * 3),
            manifests: .init(
                origin: "git@git.example.com:fleet/manifests.git, branch main", commit: "4f2c1e9a7b60",
                loadedAt: now - .seconds(1900),
                problem: ManifestBook.Problem(
                    at: now - .seconds(240), commit: "91ab03de55f1",
                    text: """
                        meters/phoenix.yaml:14:12: devices[3].iccid is `8914800000000120400`, expected 19 or 20 digits \
                        with a valid check digit.
                        meters/phoenix.yaml:22:5: unknown key `acountName`, did you mean `accountName`?
                        """, condition: "an ICCID, an unknown key")))
        status.store = .keeps(at: now, until: now + .seconds(365 * 86_400))
        status.lookedAt = now - .seconds(2)
        status.sets = try sets(now)
        status.accounts = [
            .init(name: Fleets.account, refreshedAt: now - .seconds(4100)),
            .init(
                name: AccountName("0742644905-00001"), refreshedAt: now - .seconds(90_000),
                refreshProblem:
                    "The device list was asked for, and no answer came within 10 min. It is asked for again."),
            .init(
                name: AccountName("1223334444-00001"),
                registrationProblem:
                    "Its callbacks go to https://old.example.com:9001/callbacks. Use `profilectl callbacks register`."),
        ]
        status.failures = try failures()
        status.driftExamples = try (400..<405).map { try Fleets.key($0) }
        status.profiles = [
            "downloadedEnabled": 1741, "notDownloaded": 182, "never seen": 41, "downloadedDisabled": 30, "deleted": 6,
        ]
        status.unmanaged = 12
        status.pauses = []
        status.nextRefreshAt = now + .seconds(17_500)
        status.history = (0...300).map { step in
            let share = 1 - 1 / (1 + Double(step) / 40)
            let converged = min(1738, Int(share * 2000) + (step > 180 ? 60 : 0))
            return .init(
                at: now - .seconds((300 - step) * 20), devices: 2000, converged: converged,
                inFlight: min(120, 2000 - converged), troubled: step / 8)
        }
        return status
    }

    private static func sets(_ now: Timestamp) throws -> [ControllerStatus.ProfileSetStatus] {
        [
            .init(
                name: "phoenix-meters", devices: 1200, converged: 998, pending: 58, drift: 7, inFlight: 94, waiting: 12,
                failed: 21, held: 6, blocked: 11,
                rollout: .init(startedAt: now - .seconds(5400), wave: 3, waveCount: 4, abort: nil)),
            .init(
                name: "tucson-meters", devices: 600, converged: 600, driftPolicy: .report),
            .init(
                name: "cars", devices: 200, converged: 140, pending: 40, failed: 20, driftPolicy: .off,
                rollout: .init(
                    startedAt: now - .seconds(90_000), wave: 2, waveCount: 3,
                    abort:
                        "20 of 160 devices failed (12.5%), the limit is 5%. `profilectl resume --set cars` begins anew "
                        + "with what is left.")),
            .init(
                name: "insulin-pumps", devices: 40, pending: 40,
                holds: ["Outside its window: Monday to Friday, 01:00 to 04:00 in America/Phoenix."]),
        ]
    }

    private static func failures() throws -> [ControllerStatus.FailureGroup] {
        [
            .init(
                kind: "failed", code: "8.1,5.1",
                explanation:
                    "The eUICC has no room for another profile. Delete one that is not used, or take the device out of "
                    + "the fleet; then `profilectl apply --retry-failed`.",
                count: 33, examples: try (2..<6).map { try Fleets.key($0) }),
            .init(
                kind: "blocked", code: nil,
                explanation: "The line is suspended; only an active one can be changed. Activate it, then refresh.",
                count: 11, examples: try (20..<23).map { try Fleets.key($0) }),
            .init(
                kind: "failed", code: "REQUEST_FAILED.DeviceNotFound",
                explanation: "The carrier does not know the device. Correct its identifiers, or remove it.", count: 8,
                examples: try (30..<32).map { try Fleets.key($0) }),
            .init(
                kind: "held", code: nil,
                explanation:
                    "The connection ended after the request was sent. Nothing is sent before that is settled: by a "
                    + "callback, a refresh, or `profilectl resolve`.",
                count: 6, examples: try (40..<46).map { try Fleets.key($0) }),
        ]
    }

    /// The same board with something hostile wherever a manifest, the carrier or a person may write.
    static func hostileStatus(now: Timestamp) throws -> ControllerStatus {
        var status = try status(now: now)
        status.manifests.origin = hostile
        status.manifests.commit = hostile
        status.manifests.problem = ManifestBook.Problem(at: now, commit: hostile, text: hostile, condition: hostile)
        status.problem = .init(condition: .stopped, text: hostile, at: now)
        status.store = .fails(StateStoreError(.other, hostile), since: now)
        status.carrier = .unreachable(since: now, calls: 1, reason: hostile)
        for index in status.sets.indices {
            status.sets[index].name = "\(hostile) \(index)"
            status.sets[index].holds = [hostile]
            status.sets[index].rollout = .init(startedAt: now, wave: 1, waveCount: 2, abort: hostile)
        }
        for index in status.accounts.indices {
            status.accounts[index] = .init(
                name: AccountName("\(hostile) \(index)"), refreshProblem: hostile, stopped: hostile,
                registrationProblem: hostile)
        }
        for index in status.failures.indices {
            status.failures[index].code = hostile
            status.failures[index].explanation = hostile
        }
        status.profiles = [hostile: 1]
        return status
    }

    /// Devices in all phases; the first one has failed, and its timeline tells how.
    static func fill(_ store: any StateStore, now: Timestamp, count: Int = 120, text: String? = nil) async throws {
        let keys = try (0..<count).map { try Fleets.key($0) }
        try await store.write { transaction in
            try transaction.save(
                keys.enumerated().map { number, key in
                    DeviceRecord(
                        key: key, account: AccountName(text ?? Fleets.account.description),
                        imei: IMEI(String(350_000_000_000_000 + number)),
                        observation: number % 7 == 6
                            ? nil
                            : ProfileObservation(
                                state: number % 3 == 0 ? .notDownloaded : .downloadedEnabled,
                                profileStatus: text ?? (number % 3 == 0 ? "NOT_DOWNLOADED" : "DOWNLOAD_ENABLE"),
                                at: now - .seconds(600 + number), source: .deviceListV2),
                        service: number % 11 == 10 ? .suspended : text.map { .other($0) } ?? .active,
                        reached: number % 17 == 3 ? .downloadedEnabled : nil)
                })
            for (number, key) in keys.enumerated() where number % 5 != 4 {
                try operate(on: key, number, now, text, transaction)
            }
        }
    }

    private static func operate(
        on key: DeviceKey, _ number: Int, _ now: Timestamp, _ text: String?, _ transaction: any StateTransaction
    ) throws {
        let begin = now - .seconds(400 + number)
        var request = try transaction.addRequest(
            .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: begin)
        var operation = try transaction.addOperations(
            [
                OperationIntent(
                    key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
            ], under: request.number, at: begin)[0]
        let id = RequestID("24da8f8a-d110-4a54-86b4-\(100_000_000_000 + number)")
        request.outcome = .accepted(id)
        try transaction.update(request)
        let failure = OperationFailure(
            code: text ?? "8.1,5.1", carrierText: text ?? "SM-SR: subject 8.1 (eUICC), reason 5.1 (memory full)",
            explanation: text ?? "The eUICC has no room for another profile.", remedy: .person)
        operation.phase =
            switch number % 5 {
            case 0: .failed(failure, retryAt: nil)
            case 1: .submitted(id, deadline: now + .seconds(500))
            case 2: .unresolved(reason: text ?? "the connection ended after the request was sent")
            default: .succeeded
            }
        try transaction.update([operation])
        let message = "{\"requestId\":\"\(id)\",\"note\":\"\(text?.replacing("\"", with: "\\\"") ?? "8.1,5.1")\"}"
        try transaction.keep([
            NewCallback(receivedAt: begin + .seconds(31), digest: Array(id.description.utf8), redactedText: message)
        ])
        var callback: CallbackNumber?
        if number % 5 != 1, let kept = try transaction.unreadCallbacks(limit: 1000).last {
            try transaction.mark(kept.number, as: .settled, device: key)
            callback = kept.number
        }
        var events: [(StateEvent.Kind, Int, String)] = [
            (.intended, 0, "downloadEnable, attempt 1"), (.accepted, 1, "requestId \(id)"),
        ]
        if number % 5 == 0 {
            events.append((.callback, 31, text ?? "download failed"))
            events.append((.failed, 31, text ?? "8.1,5.1: The eUICC has no room for another profile."))
        }
        try transaction.append(
            events.map { kind, seconds, detail in
                StateEvent(
                    at: begin + .seconds(seconds), device: key, kind: kind, operation: operation.id,
                    request: request.number, callback: callback, detail: detail)
            })
    }
}
