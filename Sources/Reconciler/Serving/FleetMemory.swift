/// Remembers across restarts which profile sets and which commit were in force, until people know what is gone.
struct FleetMemory: Sendable {
    let origin: any ManifestOrigin
    let store: any StateStore
    let board: ControllerBoard

    /// Compares what comes in force with what was, and shows what is gone.
    func compare(_ fleet: DesiredFleet, commit: String?) async {
        let name = origin.name
        let former: FleetInForce?
        do {
            former = try await store.read { try $0.fleetInForce(of: name) }
        } catch {
            // What was in force stays written down, and is compared with at the next change.
            return
        }
        var counts = [Int](repeating: 0, count: fleet.sets.count)
        for device in fleet.devices { counts[Int(device.set)] += 1 }
        var record = former ?? FleetInForce(origin: name, commit: commit, sets: [:])
        let losses = record.take(Dictionary(zip(fleet.sets.map(\.name), counts)) { $0 + $1 })
        var rewrite: ControllerStatus.Rewrite?
        if let before = record.commit, let commit, before != commit,
            await origin.descends(commit, from: before) == false
        {
            rewrite = ControllerStatus.Rewrite(from: before, to: commit)
        } else {
            record.commit = commit
        }
        if record != former { try? await store.write { [record] in try $0.save(record) } }
        board.update { [rewrite] status in
            status.manifests.losses = losses
            status.manifests.rewrite = rewrite
        }
    }

    /// People know that sets are gone or smaller, or that the branch was written anew.
    func accept(_ kind: Notice.Kind) async {
        let name = origin.name
        let manifests = board.current.manifests
        let isDone: Void? = try? await store.write { transaction in
            guard var record = try transaction.fleetInForce(of: name) else { return }
            if kind == .shrunk { record.accept(manifests.losses) }
            if kind == .rewritten, let rewrite = manifests.rewrite { record.commit = rewrite.to }
            try transaction.save(record)
        }
        guard isDone != nil else { return }
        board.update { status in
            // There may be others by now.
            if kind == .shrunk, status.manifests.losses == manifests.losses { status.manifests.losses = [] }
            if kind == .rewritten, status.manifests.rewrite == manifests.rewrite { status.manifests.rewrite = nil }
        }
    }
}
