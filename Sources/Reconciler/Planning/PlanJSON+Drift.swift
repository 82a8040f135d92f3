extension JSONWriter {
    mutating func members(of drift: Drift) {
        members(of: drift.key)
        member("accountName", drift.account.description)
        member("was", drift.was.rawValue)
        if let time = drift.lastSeenAsDesired { member("lastSeenAsDesired", time.description) }
        member("is", drift.isNow.name)
        if let status = drift.profileStatus { member("profileStatus", status) }
        if let time = drift.since { member("since", time.description) }
        if let time = drift.seenAt { member("seenAt", time.description) }
        if let source = drift.source { member("source", source.name) }
        if let request = drift.foreignRequest { member("requestId", request.description) }
        member("cause", drift.cause)
    }
}

extension Drift {
    /// Reads what `members(of:)` has written.
    ///
    /// - Returns: `nil` if something of it is missing or means nothing.
    init?(of key: DeviceKey, _ entry: JSONValue) {
        func time(_ name: StaticString) -> Timestamp?? {
            entry[name].map { $0.text.flatMap { Timestamp($0) } }
        }
        guard let account = entry["accountName"]?.text,
            let was = entry["was"]?.text.flatMap({ DesiredState(rawValue: $0) }),
            let isNow = ProfileState.allCases.first(where: { $0.name == entry["is"]?.text })
        else { return nil }
        let source = entry["source"].map { value in ObservationSource.allCases.first { $0.name == value.text } }
        for told in [time("lastSeenAsDesired"), time("since"), time("seenAt")] {
            if case .some(nil) = told { return nil }
        }
        if case .some(nil) = source { return nil }
        self.key = key
        self.account = AccountName(account)
        self.was = was
        self.isNow = isNow
        lastSeenAsDesired = time("lastSeenAsDesired") ?? nil
        profileStatus = entry["profileStatus"]?.string
        since = time("since") ?? nil
        seenAt = time("seenAt") ?? nil
        self.source = source ?? nil
        foreignRequest = entry["requestId"]?.text.map { RequestID($0) }
    }
}
