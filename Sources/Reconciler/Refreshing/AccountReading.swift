/// Reads the lists of one account, both at the same time, and changes nothing.
struct AccountReading: Sendable {
    let account: AccountName
    let asker: DeviceListAsker
    let lists: ListChoice
    let board: RefreshBoard
    /// The devices that are known or declared to be on the account.
    let identities: [KnownIdentity]
    /// The devices that are asked for; `nil` for all that the account has.
    let selection: [DeviceKey]?
    let keepsDescriptions: Bool
    /// How much of what is known the lists may leave in doubt and still be believed, in per cent.
    var maxChange = RolloutPolicy().maxChange

    /// What was read.
    struct Result: Sendable {
        var sightings: AccountSightings
        var v1: RefreshReport.List
        var v2: RefreshReport.List
        let startedAt: Timestamp

        /// What the lists prove together.
        var proof: ListProof {
            ListProof(
                isWhole: v1.isSettled && v2.isSettled && (v1.isRead || v2.isRead) && sightings.provesAbsence,
                tellsEveryStatus: v2.isRead, asOf: startedAt)
        }
    }

    /// So many devices that no list has told of are asked for by name, rather than the whole account once more.
    private static let fewUntold = 500

    /// - Throws: `CarrierError.signInRefused`, `RunStopped`, `StateStoreError`, `CancellationError`
    func read() async throws -> Result {
        var result = Result(
            sightings: AccountSightings(account: account, keepsDescriptions: keepsDescriptions), v1: .off, v2: .off,
            startedAt: asker.clock.now())
        async let firstLists = lists.v2 ? ask(firstQuestions) : nil
        if lists.v1 { result.v1 = try await readV1(into: &result.sightings) }
        if let asked = try await firstLists { try await take(asked, into: &result) }
        if asker.stop.isStopped { throw RunStopped() }
        result.sightings.place(among: identities)
        return result
    }

    // MARK: v1

    private func readV1(into sightings: inout AccountSightings) async throws -> RefreshReport.List {
        var count = 0
        var found = sightings
        let reader = asker.accountListReader
        do {
            if let selection, selection.count <= AccountListReader.fewDevices {
                for key in selection {
                    do {
                        let (row, askedAt) = try await reader.read(key, of: account)
                        guard let row else { continue }
                        count += 1
                        found.add([row], asOf: askedAt)
                        board.note(account) { $0.v1 = .underWay(count) }
                    } catch CarrierError.refused(let refusal) where refusal.classification == .badDevice {
                        // That one device is refused says nothing of the others.
                        found.leaveOut(key, refusal.description)
                    }
                }
            } else {
                try await reader.read(account) { page, askedAt in
                    count += page.rows.count
                    found.add(page, asOf: askedAt)
                    board.note(account) { $0.v1 = .underWay(count) }
                }
            }
        } catch CarrierError.signInRefused(let problem) {
            throw CarrierError.signInRefused(problem)
        } catch let error as CarrierError {
            // What was read before it failed is as good as the rest.
            sightings = found
            return note(v1: .failed(error.description))
        } catch let busy as AccountBusy {
            sightings = found
            return note(v1: .late(busy.description))
        }
        sightings = found
        if let problem = found.accountProblem(in: .deviceListV1) { return note(v1: .failed(problem)) }
        return note(v1: .read(count))
    }

    private func note(v1 list: RefreshReport.List) -> RefreshReport.List {
        board.note(account) { $0.v1 = list }
        return list
    }

    // MARK: v2

    private var firstQuestions: [DeviceListQuestion] {
        selection.map { DeviceListQuestion.about($0, filters: [nil]) } ?? DeviceListQuestion.aboutAccount
    }

    private func ask(_ questions: [DeviceListQuestion]) async throws -> [AskedList] {
        try await asker.ask(questions, of: account) { count in
            board.note(account) { $0.v2 = .underWay(count) }
        }
    }

    /// Takes the answers to the first questions, and asks again for devices of which they have told nothing.
    private func take(_ asked: [AskedList], into result: inout Result) async throws {
        var count = 0
        var asked = asked
        for isLast in [false, true] {
            if let problem = Self.problem(of: asked) {
                // Lists that together say how each profile is say nothing if one of them is missing; what a list
                // without a filter says of the devices that it was asked for stands alone.
                let alone = asked.compactMap(\.answer).filter { $0.filter == nil && !$0.devices.isEmpty }
                if alone.isEmpty { result.sightings.disbelieveV2() }
                for answer in alone { result.sightings.add(answer) }
                result.v2 = try note(problem)
                return
            }
            let answers = asked.compactMap(\.answer)
            count += answers.reduce(0) { $0 + $1.rows.count }
            for answer in answers { result.sightings.add(answer) }
            result.sightings.place(among: identities)
            let questions = isLast ? [] : furtherQuestions(about: result.sightings)
            guard !questions.isEmpty else { break }
            asked = try await ask(questions)
        }
        result.v2 = .read(count)
        let doubts = result.sightings.doubts(result.proof, among: identities)
        if let problem = result.sightings.accountProblem(in: .deviceListV2) {
            result.v2 = .failed(problem)
        } else if doubts.areTooMany(maxChange: maxChange) {
            result.sightings.disbelieveV2()
            result.v2 = .failed(
                "its answers name \(doubts.contradictory) of \(doubts.named) devices under several profile statuses, and "
                    + "would leave \(doubts.lost) of \(doubts.known) in doubt whose state is known, so that nothing of "
                    + "them is believed. Try again later, or read without it (refresh.v2: false)")
        }
        board.note(account) { [v2 = result.v2] in $0.v2 = v2 }
    }

    /// What stands against taking answers together.
    private static func problem(of asked: [AskedList]) -> LookupProblem? {
        let problems = asked.compactMap(\.problem)
        guard let first = problems.first else { return nil }
        let worst = problems.dropFirst().reduce(first) { $0.or($1) }
        guard case .late(let reason) = worst, problems.count > 1 else { return worst }
        return .late("\(reason); so it is with \(problems.count) of \(counted(asked.count, "device list"))")
    }

    private func furtherQuestions(about sightings: AccountSightings) -> [DeviceListQuestion] {
        let expected = Set(selection ?? identities.map(\.key))
        let listed = sightings.devices.filter { selection == nil || expected.contains($0.key) }
        let untold = expected.union(listed.keys).filter { sightings.devices[$0]?.tellings.isEmpty ?? true }.sorted()
        guard !untold.isEmpty else { return [] }
        if selection != nil {
            return DeviceListQuestion.about(untold, filters: DeviceListQuestion.statuses.map { $0 })
        }
        return untold.count <= Self.fewUntold
            ? DeviceListQuestion.about(untold, filters: [nil]) : [DeviceListQuestion(filter: nil, devices: [])]
    }

    private func note(_ problem: LookupProblem) throws -> RefreshReport.List {
        let list: RefreshReport.List
        switch problem {
        case .late(let reason): list = .late(reason)
        case .busy(let until): list = .late(AccountBusy(until: until).description)
        case .stopped: throw RunStopped()
        case .refused(let reason), .tellsNoStatus(let reason):
            list = .failed(
                "\(reason.capitalizedSentence) If the account has no such list, switch it off (refresh.v2: false)")
        case .signInRefused(let reason): throw CarrierError.signInRefused(SignInProblem(description: reason))
        }
        board.note(account) { $0.v2 = list }
        return list
    }
}
