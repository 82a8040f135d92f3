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
