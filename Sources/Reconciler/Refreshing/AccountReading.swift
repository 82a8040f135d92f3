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

    /// What was read.
    struct Result: Sendable {
        var sightings: AccountSightings
        var v1: RefreshReport.List
        var v2: RefreshReport.List
        let startedAt: Timestamp

        /// What the lists prove together.
        var proof: ListProof {
            ListProof(
                isWhole: v1.isSettled && v2.isSettled && (v1.isRead || v2.isRead), tellsEveryStatus: v2.isRead,
                asOf: startedAt)
        }
    }

    /// So many devices that no list has told of are asked for by name, rather than the whole account once more.
    private static let fewUntold = 500

    /// - Throws: `CarrierError.signInRefused`, `RunStopped`, `StateStoreError`, `CancellationError`
    func read() async throws -> Result {
        var result = Result(
            sightings: AccountSightings(account: account, keepsDescriptions: keepsDescriptions), v1: .off, v2: .off,
            startedAt: asker.clock.now())
        async let firstAnswers = lists.v2 ? ask(firstQuestions) : nil
        if lists.v1 { result.v1 = try await readV1(into: &result.sightings) }
        if let outcome = try await firstAnswers { try await take(outcome, into: &result) }
        if asker.stop.isStopped { throw RunStopped() }
        result.sightings.place(among: identities)
        return result
    }

    // MARK: v1

    private func readV1(into sightings: inout AccountSightings) async throws -> RefreshReport.List {
        var count = 0
        var found = sightings
        let reader = asker.accountListReader
        func take(_ rows: [AccountDeviceRow], _ askedAt: Timestamp) {
            count += rows.count
            found.add(rows, asOf: askedAt)
            board.note(account) { $0.v1 = .underWay(count) }
        }
        do {
            if let selection, selection.count <= AccountListReader.fewDevices {
                try await reader.read(selection, of: account, take: take)
            } else {
                try await reader.read(account, take: take)
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

    private func ask(_ questions: [DeviceListQuestion]) async throws -> DeviceListAsker.Outcome {
        try await asker.ask(questions, of: account) { count in
            board.note(account) { $0.v2 = .underWay(count) }
        }
    }

    /// Takes the answers to the first questions, and asks again for devices of which they have told nothing.
    private func take(_ outcome: DeviceListAsker.Outcome, into result: inout Result) async throws {
        var count = 0
        var outcome = outcome
        for isLast in [false, true] {
            guard case .answered(let answers) = outcome else {
                result.sightings.disbelieveV2()
                result.v2 = try note(outcome)
                return
            }
            count += answers.reduce(0) { $0 + $1.rows.count }
            for answer in answers { result.sightings.add(answer) }
            result.sightings.place(among: identities)
            let questions = isLast ? [] : furtherQuestions(about: result.sightings)
            guard !questions.isEmpty else { break }
            outcome = try await ask(questions)
        }
        result.v2 = .read(count)
        let doubts = result.sightings.doubts(result.proof, among: identities)
        if doubts.areTooMany {
            result.sightings.disbelieveV2()
            result.v2 = .failed(
                "its answers name \(doubts.contradictory) of \(doubts.named) devices under several profile statuses, and "
                    + "would leave \(doubts.lost) of \(doubts.known) in doubt whose state is known, so that nothing of "
                    + "them is believed. Try again later, or read without it (refresh.v2: false)")
        }
        board.note(account) { [v2 = result.v2] in $0.v2 = v2 }
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

    private func note(_ outcome: DeviceListAsker.Outcome) throws -> RefreshReport.List {
        let list: RefreshReport.List
        switch outcome {
        case .answered: list = .read(0)
        case .unanswered(let reason): list = .late(reason)
        case .notYet(let until, _): list = .late(AccountBusy(until: until).description)
        case .unavailable(let reason):
            list = .failed("\(reason) If the account has no such list, switch it off (refresh.v2: false)")
        case .signInRefused(let reason): throw CarrierError.signInRefused(SignInProblem(description: reason))
        }
        board.note(account) { $0.v2 = list }
        return list
    }
}
