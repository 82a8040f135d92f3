/// A device that a message may be about.
struct MatchCandidate: Hashable, Sendable {
    let key: DeviceKey
    let imei: IMEI?
    let hasOpenOperation: Bool
    /// Whether the request that the message names carried it.
    let isUnderRequest: Bool
    /// Whether the profile is known to be on this eUICC no more, or its line to be on the account no more: an ICCID moves
    /// to another eUICC when a device is replaced.
    var isGone = false
}

/// Which device a message is about.
enum CallbackMatch: Hashable, Sendable {
    case device(DeviceKey)
    /// Another profile of the card that holds these: the message names an ICCID that is none of theirs.
    case otherProfile(of: [DeviceKey])
    /// Its identifiers contradict each other: one fits this device, and another one names a different eUICC.
    case contradictory(DeviceKey)
    /// None that is known, or several that fit equally.
    case none
}

/// Finds the device that a message is about: by EID, then ICCID, then IMEI, then requestId.
///
/// What stands at the top of the message goes before what stands within it; an inner collection that names another EID is
/// ignored, because the carrier's own sample contradicts itself there (`thingspace.md`, section 8.4). An ICCID that is none
/// of the eUICC's managed profiles names another profile of that card, never one of ours.
enum CallbackMatcher {
    /// - Parameters:
    ///   - candidates: every device that one of the identifiers fits.
    ///   - loneKey: the device of the request that the message names, if that carried one device only.
    static func match(
        _ message: CallbackMessage, among candidates: [MatchCandidate], ofLoneRequest loneKey: DeviceKey?
    ) -> CallbackMatch {
        match(
            outer: message.outerIdentifiers, inner: message.innerIdentifiers, among: candidates,
            ofLoneRequest: loneKey)
    }

    static func match(
        outer: DeviceIdentifiers, inner: DeviceIdentifiers, among candidates: [MatchCandidate],
        ofLoneRequest loneKey: DeviceKey? = nil
    ) -> CallbackMatch {
        var inner = inner
        if !outer.eids.isEmpty, !inner.eids.isEmpty, Set(outer.eids).isDisjoint(with: inner.eids) {
            inner = DeviceIdentifiers(nil)
        }
        let eids = outer.eids.isEmpty && outer.iccids.isEmpty ? inner.eids : outer.eids
        let iccids = Set(outer.iccids + inner.iccids)
        let onCard = candidates.filter { eids.contains($0.key.eid) }
        if !onCard.isEmpty { return match(onCard, iccids: iccids) }
        let byICCID = candidates.filter { iccids.contains($0.key.iccid) }
        if let found = byICCID.first {
            guard byICCID.count == 1 else { return theOne(of: byICCID) }
            let stated = outer.eids + inner.eids
            let fits = stated.isEmpty || stated.contains(found.key.eid) || found.isUnderRequest
            return fits ? .device(found.key) : .contradictory(found.key)
        }
        let imeis = outer.imeis + inner.imeis
        let byIMEI = candidates.filter { candidate in candidate.imei.map { imeis.contains($0) } ?? false }
        if !byIMEI.isEmpty, eids.isEmpty { return match(byIMEI, iccids: iccids) }
        return loneKey.map { iccids.isEmpty && eids.isEmpty ? .device($0) : .none } ?? .none
    }

    private static func match(_ found: [MatchCandidate], iccids: Set<ICCID>) -> CallbackMatch {
        guard !iccids.isEmpty else { return theOne(of: found) }
        let named = found.filter { iccids.contains($0.key.iccid) }
        if named.isEmpty || named.count < iccids.count && named.count > 1 { return .otherProfile(of: found.map(\.key)) }
        // Beside ours it names another profile: which one it is about is not said.
        return iccids.count > 1 ? .contradictory(named[0].key) : theOne(of: named)
    }

    /// Several profiles of one eUICC, or one ICCID that has moved: the request decides, then an operation in flight, then
    /// what is known to be gone.
    private static func theOne(of found: [MatchCandidate]) -> CallbackMatch {
        if found.count == 1 { return .device(found[0].key) }
        let underRequest = found.filter(\.isUnderRequest)
        if underRequest.count == 1 { return .device(underRequest[0].key) }
        let open = found.filter(\.hasOpenOperation)
        if !open.isEmpty { return open.count == 1 ? .device(open[0].key) : .none }
        let present = found.filter { !$0.isGone }
        return present.count == 1 ? .device(present[0].key) : .none
    }
}
