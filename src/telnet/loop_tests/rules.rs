//! The rules of one user, linewise users, sysops' orders, proxies, paces.

use super::*;

fn nothing(choice: &mut Choice) {
    choice.key.filter = Filter::compile(&Expr::Nothing);
}

#[test]
fn spots_of_his_own_call_come_past_every_filter_or_never() {
    let mut rig = Rig::new();
    // Every spot here is of K1TTT.
    let mut own = rig.user("K1TTT-2");
    let mut unwilling = rig.user("K1TTT-3");
    let mut seen = rig.user("K1TTT-4");
    let mut other = rig.user("K2ABC");
    rig.choose("K1TTT-2", nothing);
    rig.choose("K1TTT-3", |choice| choice.own_call = false);
    rig.choose("K1TTT-4", |choice| {
        nothing(choice);
        choice.own_call = false;
        choice.see_me = true;
    });
    let read_ns = rig.now().mono_ns;
    let mut spots = Vec::new();
    for n in 0..6 {
        let mut spot = spot(n, read_ns);
        // Of a portable station, of a machine, of another one, and new for nobody.
        spot.dx = Call::literal(if n == 3 { "K3LR" } else { ["K1TTT", "K1TTT/P"][n as usize % 2] });
        spot.flags.set(Flags::SKIMMER, n % 2 == 0);
        spot.verdicts = Verdicts(if n == 4 { 0 } else { 7 });
        spots.push(spot);
        rig.publish(Published::Spot(spot));
    }
    let lines = classic(&spots);
    let pick = |numbers: &[usize]| numbers.iter().map(|n| lines[*n].clone()).collect::<Vec<_>>();
    rig.until("the last line", |_| other.lines().len() == 5 && own.lines().len() == 5 && seen.lines().len() == 3);
    rig.settle();
    assert_eq!(own.lines(), pick(&[0, 1, 2, 4, 5]));
    assert_eq!(unwilling.lines(), pick(&[3]));
    assert_eq!(seen.lines(), pick(&[0, 2, 4]));
    assert_eq!(other.lines(), pick(&[0, 1, 2, 3, 5]));
    let view = rig.stats.deliveries.view();
    assert_eq!((view.total_in(), view.total_out()), (24, 14));
    let ended = [Reason::OwnCall, Reason::Filter, Reason::Policy].map(|reason| view.ended_by(reason));
    assert_eq!(ended, [4, 4, 2], "{view:?}");
}

#[test]
fn own_lines_keep_their_place_among_lines_that_wait() {
    let mut rig = Rig::new();
    let mut users = [rig.connect_from("127.0.0.1", Some(4_096)), rig.connect_from("127.0.0.1", Some(4_096))];
    rig.log_in(&mut users[0], "K1TTT");
    rig.log_in(&mut users[1], "K2TTT");
    rig.choose("K2TTT", |choice| choice.own_call = false);
    let read_ns = rig.now().mono_ns;
    let mut spots = Vec::new();
    for n in 0..8_000 {
        let mut spot = spot(n, read_ns);
        // Now and then one that only the first gets, and one that only the second does not get.
        spot.dx = Call::literal(if n % 400 == 7 { "K1TTT" } else { ["K2TTT", "K3LR"][usize::from(n % 500 != 9)] });
        spot.verdicts = Verdicts(if n % 400 == 7 { 0 } else { 7 });
        spots.push(spot);
        rig.publish(Published::Spot(spot));
    }
    rig.until("full sockets", |rig| rig.stats.short_writes.get() > 1 && rig.stats.spots.view().total_out() == 8_000);
    let wants: [&dyn Fn(&Spot) -> bool; 2] = [&|_| true, &|s| s.verdicts.0 == 7 && s.dx != Call::literal("K2TTT")];
    for (user, wants) in users.iter_mut().zip(wants) {
        let want = classic(&spots.iter().copied().filter(wants).collect::<Vec<_>>());
        rig.until("every line", |_| user.lines().len() == want.len());
        assert_eq!(user.lines(), want);
    }
    rig.settle();
    let view = rig.stats.deliveries.view();
    assert_eq!((view.ended_by(Reason::OwnCall), view.ended_by(Reason::Policy)), (16, 20), "{view:?}");
}

#[test]
fn who_posts_sees_his_spot_whatever_he_filters_but_not_in_a_pause() {
    let mut rig = Rig::new();
    let mut user = rig.user("K1ABC");
    let Some(Upward::LogIn(info)) = rig.upward.pop() else { panic!("no log-in") };
    let post = |rig: &mut Rig, n| {
        let mut post = spot(n, rig.now().mono_ns);
        post.post = info.session;
        rig.publish(Published::Spot(post));
        let mut reached = None;
        rig.until("the count", |rig| {
            reached = rig.upward.pop();
            reached.is_some()
        });
        let Some(Upward::Reached(_, users)) = reached else { panic!("{reached:?}") };
        users
    };
    rig.choose("K1ABC", nothing);
    assert_eq!(post(&mut rig, 1), 1);
    rig.choose("K1ABC", |choice| choice.paused = true);
    assert_eq!(post(&mut rig, 2), 0);
    rig.choose("K1ABC", |_| {});
    assert_eq!(post(&mut rig, 3), 1);
    rig.settle();
    let lines = user.lines();
    let numbers: Vec<bool> = ["no 1 ", "no 3 "].iter().zip(&lines).map(|(n, l)| text(l).contains(n)).collect();
    assert_eq!(numbers, [true, true]);
    let view = rig.stats.deliveries.view();
    assert_eq!((lines.len(), view.total_in(), view.total_ended()), (2, 2, 0), "nothing is lost in a pause");
}

#[test]
fn a_filter_said_at_the_prompt_holds_from_the_next_spot_on() {
    let mut rig = Rig::new();
    let mut user = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut user, "K1ABC");
    // Lines wait in every stretch, so that each change moves a user who is behind.
    let mut due = Vec::new();
    let words = ["PASS BAND 40M", "SET/FORMAT GOCLUSTER", "PASS BAND 20M", "SET/FORMAT CLASSIC", "REJECT BAND 20M"];
    let passes = [true, false, false, true, true, false];
    for (stretch, passes) in passes.into_iter().enumerate() {
        let from = stretch as u64 * 3_000;
        rig.spots(from..from + 3_000);
        let all = from + 3_000;
        rig.until("all taken", |rig| rig.stats.spots.view().total_out() == all);
        if passes {
            due.extend(from..all);
        }
        if let Some(words) = words.get(stretch) {
            user.say(&format!("{words}\r\n"));
            rig.until("a command", |rig| rig.stats.commands.get() == stretch as u64 + 1);
        }
    }
    assert!(rig.stats.short_writes.get() > 0, "he is behind");
    rig.until("every line", |_| user.lines().len() == due.len());
    for (n, line) in due.iter().zip(user.lines()) {
        assert!(text(&line).contains(&format!("no {n} ")), "{n}: {:?}", text(&line));
    }
    rig.settle();
    let view = rig.stats.deliveries.view();
    assert_eq!((view.total_out(), view.ended_by(Reason::Filter)), (9_000, 9_000), "{view:?}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_linewise_user_gets_chunks_of_one_line_and_slows_nobody() {
    let mut rig = Rig::new();
    let mut user = rig.user("K1ABC");
    let mut plain = rig.user("K2ABC");
    rig.choose("K1ABC", |choice| choice.linewise = true);
    let spots = rig.spots(0..5);
    let want = classic(&spots);
    user.say("SHOW/TIME\r\n");
    let mut chunks: Vec<String> = Vec::new();
    let deadline = Instant::now() + DEADLINE;
    while chunks.len() < 6 {
        assert!(Instant::now() < deadline, "{chunks:?}");
        // A turn sends him one piece at most.
        rig.step();
        let had = user.got.len();
        let new = text(&user.pull()[had..]);
        chunks.extend(Some(new).filter(|new| !new.is_empty()));
        if !chunks.is_empty() && chunks.len() < 6 {
            let due_ns = rig.agent().deadline_ns().saturating_sub(rig.now().mono_ns);
            assert!(due_ns <= LINEWISE_GAP_NS || rig.agent().has_work(), "{due_ns} {chunks:?}");
            assert_eq!(plain.lines().len(), 5, "the others have theirs long since");
            rig.skew_ns += LINEWISE_GAP_NS / 2;
        }
    }
    let (replies, lines): (Vec<_>, Vec<_>) = chunks.iter().partition(|chunk| !chunk.starts_with("DX de"));
    assert_eq!(lines.iter().map(|l| l.as_bytes()).collect::<Vec<_>>(), want);
    assert!(replies.len() == 1 && replies[0].ends_with("dxspider >\r\n"), "{replies:?}");
    rig.settle();
    // And back: he is due lines at once again.
    rig.choose("K1ABC", |_| {});
    let spots = rig.spots(5..50);
    rig.until("all", |_| user.pull().ends_with(classic(&spots).last().unwrap()));
    assert_eq!(user.lines().len(), 50);
    rig.settle();
}

#[test]
fn a_linewise_user_who_is_due_too_much_is_lapped_and_told() {
    let mut rig = Rig::new();
    let mut user = rig.user("K1ABC");
    let mut plain = rig.user("K2ABC");
    rig.choose("K1ABC", |choice| choice.linewise = true);
    for from in (0..5_000).step_by(500) {
        let last = classic(&rig.spots(from..from + 500)).pop().unwrap();
        rig.until("the plain user's lines", |_| plain.pull().ends_with(&last));
    }
    assert!(rig.stats.segments.get() <= 3);
    let lost = rig.stats.deliveries.view().ended_by(Reason::Lapped);
    assert!(lost > 2_000, "{lost}");
    rig.until("the last line", |rig| {
        rig.skew_ns += LINEWISE_GAP_NS;
        user.text().contains("no 4999 ")
    });
    assert!(user.text().contains("spots skipped"));
    assert_eq!(user.lines().len() as u64 + rig.stats.deliveries.view().ended_by(Reason::Lapped), 5_000);
    rig.settle();
}

#[test]
fn sysops_orders_find_whom_they_mean() {
    let mut rig = Rig::new();
    let mut users = ["K1ABC", "K1ABC-2", "K1ABCD", "K2ABC"].map(|call| rig.user(call));
    let asker = rig.agent().connections.iter().find(|(_, c)| c.call == Some(Call::literal("K2ABC"))).unwrap().1.id;
    while rig.upward.pop().is_some() {}
    rig.spots(0..3);
    rig.until("three lines", |_| users.iter_mut().all(|u| u.lines().len() == 3));
    rig.note(Note::Inspect { call: Call::literal("K1ABC"), asker });
    let mut told = Vec::new();
    rig.until("answers", |rig| {
        told.extend(std::iter::from_fn(|| rig.upward.pop()));
        told.len() >= 8
    });
    let told: Vec<String> = told
        .into_iter()
        .map(|item| match item {
            Upward::Tell(to, line) if to == asker => line,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(told[0].starts_with("K1ABC from 127.0.0.1 since "), "{told:?}");
    assert!(told[2].contains("4 users alike") && told[3].contains("sent 3 lines, lost 0"), "{told:?}");
    assert!(told.iter().all(|line| line.len() < 80), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("K1ABC-2 ")) && !told.iter().any(|l| l.starts_with("K1ABCD")));
    rig.note(Note::Kick { call: Call::literal("K1ABC"), why: "Not so loud.".into() });
    rig.until("their end", |_| {
        users[..2].iter_mut().for_each(|u| {
            u.pull();
        });
        users[0].closed && users[1].closed
    });
    assert!(users[..2].iter_mut().all(|u| u.text().ends_with("Not so loud.\r\n")));
    assert_eq!((rig.stats.closed(CloseReason::Kicked).get(), rig.stats.users.get()), (2, 2));
    let mut anonymous = rig.connect();
    let mut elsewhere = rig.connect_from("127.0.0.9", None);
    rig.until("prompts", |_| anonymous.text().ends_with("call: ") && elsewhere.text().ends_with("call: "));
    rig.note(Note::KickFrom { network: ("127.0.0.0".parse().unwrap(), 29), why: "Not from there.".into() });
    rig.until("their end", |_| {
        users[2..].iter_mut().for_each(|u| {
            u.pull();
        });
        anonymous.pull();
        users[2].closed && users[3].closed && anonymous.closed
    });
    assert!(anonymous.text().ends_with("Not from there.\r\n"));
    rig.settle();
    assert_eq!((rig.stats.users.get(), rig.stats.connections.get()), (0, 1));
    elsewhere.pull();
    assert!(!elsewhere.closed);
}

#[test]
fn the_address_that_a_proxy_tells_has_its_bounds() {
    let mut rig = Rig::with(|node| node.limits.per_address = 1, Faults::default());
    let mut clients = [rig.connect(), rig.connect()];
    for client in &mut clients {
        rig.until("a prompt", |_| client.text().ends_with("call: "));
    }
    let real = "192.0.2.7".parse().unwrap();
    let slots: Vec<u32> = rig.agent().connections.iter().map(|(slot, _)| slot as u32).collect();
    for slot in slots {
        rig.agent.as_mut().unwrap().act(slot, Action::RealAddress(real));
    }
    rig.until("the second's end", |_| {
        clients.iter_mut().for_each(|c| {
            c.pull();
        });
        clients.iter().filter(|c| c.closed).count() == 1
    });
    let refused = clients.iter_mut().find(|c| c.closed).unwrap();
    assert!(refused.text().ends_with(Refusal::Address.line()));
    assert_eq!(rig.stats.closed(CloseReason::AddressRefused).get(), 1);
    assert_eq!(rig.stats.refused(Refusal::Address).get(), 1);
}

#[test]
fn many_who_ask_from_one_address_wait_and_are_all_answered() {
    const USERS: usize = 10;
    let mut rig = Rig::with(|node| node.limits.per_address = USERS as u32, Faults::default());
    let mut users: Vec<Client> = (0..USERS).map(|_| rig.connect_from("127.0.0.2", None)).collect();
    for (n, user) in users.iter_mut().enumerate() {
        rig.log_in(user, &format!("K{n}ABC"));
    }
    for user in &mut users {
        for _ in 0..60 {
            user.say("SHOW/TIME\r\n");
        }
        rig.until("a quiet core", |rig| rig.step() == 0 && !rig.agent().has_work());
    }
    let answers = |users: &mut [Client]| users.iter_mut().map(|u| u.text().matches("dxspider >").count()).sum();
    rig.settle();
    let at_once: usize = answers(&mut users);
    assert!((400..600).contains(&at_once), "{at_once} answers");
    assert!(rig.stats.held.get() > 0);
    for _ in 0..300 {
        rig.skew_ns += 100_000_000;
        rig.settle();
    }
    assert_eq!(answers(&mut users), USERS * 60, "nothing is lost, nobody is closed");
    assert_eq!(rig.stats.users.get(), USERS as u64);
}

#[test]
fn who_guesses_passwords_is_braked_by_address_over_all_his_connections() {
    let mut rig = Rig::new();
    let guess = |rig: &mut Rig, from: &str, passwords: &[&str]| {
        let mut client = rig.connect_from(from, None);
        client.say("K0PW\r\n");
        for password in passwords {
            client.say(&format!("{password}\r\n"));
        }
        rig.until("an end or a prompt", |_| {
            client.pull();
            client.closed || client.got.ends_with(b" dxspider >\r\n")
        });
        client.text()
    };
    const BRAKED: &str = "too many wrong passwords from your address; try again in 1 minute.\r\n";
    for _ in 0..3 {
        assert!(guess(&mut rig, "127.0.0.2", &["a", "b", "c"]).ends_with("not the password of K0PW. Goodbye.\r\n"));
    }
    assert!(guess(&mut rig, "127.0.0.2", &["d", "e"]).ends_with(BRAKED), "the tenth ends it");
    assert!(guess(&mut rig, "127.0.0.2", &["let.me.in"]).ends_with(BRAKED), "not even looked at");
    assert!(guess(&mut rig, "127.0.0.3", &["let.me.in"]).contains("Hello K0PW"), "not another address");
    assert_eq!(rig.stats.passwords_braked.get(), 2);
    rig.advance_s(60);
    assert!(guess(&mut rig, "127.0.0.2", &["let.me.in"]).contains("Hello K0PW"));
}

#[test]
fn users_who_chose_the_same_share_one_filter() {
    let mut rig = Rig::new();
    let mut users = [rig.connect(), rig.connect()];
    for (n, user) in users.iter_mut().enumerate() {
        rig.log_in(user, &format!("K{n}ABC"));
    }
    let shared = |rig: &Rig| {
        let mut filters = rig.agent().connections.iter().map(|(_, c)| c.session.choice().key.filter);
        filters.next().unwrap().is_one_with(&filters.next().unwrap())
    };
    assert!(shared(&rig));
    users[0].say("PASS BAND 20M\r\n");
    rig.settle();
    assert!(!shared(&rig));
    // Said differently, the same.
    users[1].say("PASS BAND 40M,20M\r\nREJECT BAND 40M\r\nSET/NAME Hugo\r\n");
    rig.settle();
    assert!(shared(&rig));
}

#[test]
fn a_ban_behind_a_proxy_is_said_once() {
    let mut rig = Rig::with(|node| node.telnet.proxies = vec!["127.0.0.1".into()], Faults::default());
    let ban = Ban {
        target: "192.0.2.0/24".into(),
        until: None,
        reason: "robot".into(),
        by: Call::literal("W1AW"),
        since: Utc::from_secs(0),
    };
    rig.agent().bans.store(Arc::new(BanList::new(vec![ban])));
    let mut client = rig.connect();
    client.say("PROXY TCP4 192.0.2.7 198.51.100.1 51234 7300\r\nK1ABC\r\n");
    rig.until("the end", |_| {
        client.pull();
        client.closed
    });
    assert_eq!(client.text().matches("You are banned from this node: robot\r\n").count(), 1, "{}", client.text());
    assert_eq!(rig.stats.refused(Refusal::Banned).get(), 1);
    assert_eq!(rig.stats.users.get(), 0);
}

#[test]
fn a_flood_of_lines_to_others_is_refused_in_words() {
    let mut rig = Rig::new();
    let mut client = rig.connect();
    rig.log_in(&mut client, "K1ABC");
    for n in 0..15 {
        client.say(&format!("ANN line {n}\r\nTALK K2ABC line {n}\r\n"));
    }
    rig.settle();
    let count = |rig: &mut Rig| {
        let mut sent = 0;
        while let Some(item) = rig.upward.pop() {
            sent += usize::from(matches!(item, Upward::Bulletin(_) | Upward::Talk { .. }));
        }
        sent
    };
    assert_eq!(count(&mut rig), 20);
    assert_eq!(client.text().matches("Not sent: that was too much").count(), 10, "{}", client.text());
    rig.advance_s(3);
    client.say("ANN once more\r\nANN and more\r\n");
    rig.settle();
    assert_eq!(count(&mut rig), 1);
}
