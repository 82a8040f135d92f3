/// Looks periodically whether the carrier's callbacks can get to us: at the certificate, and at what is refused.
struct CallbackWatch: Sendable {
    let board: ControllerBoard
    let store: any StateStore
    /// The files that TLS is spoken with; `nil` if it is not we who speak it.
    let tls: CallbackTLS?
    /// That the carrier calls.
    let host: String?
    /// Whether the carrier is not on this machine.
    let isPublic: Bool
    let clock: any WallClock
    let interval: Duration

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        var refusals = CallbackRefusals()
        var mark: ActivityMark?
        while true {
            let now = clock.now()
            do {
                let before = mark
                let (counters, activity) = try await store.read { reader in
                    (try reader.counters(), try reader.activity(since: before))
                }
                mark = activity.mark
                refusals.note(
                    counters: counters, hasKept: before != nil && activity.counts.callbacks.values.contains { $0 > 0 },
                    at: now)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // That the store cannot be read is said by who tries it; what was known stays.
            }
            let isSilent = board.current.accounts.contains { $0.silence != nil }
            let refused = refusals.since.flatMap {
                CallbackTrouble.ofRefusals(refusals.standing, since: $0, isSilent: isSilent)
            }
            let troubles = certificateTroubles(at: now) + [refused].compactMap(\.self)
            if troubles != board.current.callbackTroubles || board.current.callbacksSoundAt == nil {
                board.update { status in
                    status.callbackTroubles = troubles
                    status.callbacksSoundAt = now
                }
            }
            try await clock.sleep(until: clock.now() + interval)
        }
    }

    private func certificateTroubles(at now: Timestamp) -> [CallbackTrouble] {
        guard let tls else { return [] }
        do {
            return CallbackTrouble.ofCertificate(
                try CertificateFacts.chain(file: tls.certificate), file: tls.certificate, host: host,
                isPublic: isPublic,
                at: now)
        } catch {
            return [.unreadableCertificate(tls.certificate)]
        }
    }
}
